"""From a call's arguments to the bytes of a record."""
