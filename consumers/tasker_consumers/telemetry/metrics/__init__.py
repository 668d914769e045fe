"""Numbers from the same events, and those about the group itself."""
