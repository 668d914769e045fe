"""A call for each event of the catalogue."""
