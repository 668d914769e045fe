"""From records to rows: pure functions, without a database."""
