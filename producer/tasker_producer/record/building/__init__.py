"""Building an event: its identity and trace, the record's bytes, and the headers."""
