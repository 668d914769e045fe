"""One call for each event of the catalogue."""
