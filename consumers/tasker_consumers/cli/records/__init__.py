"""The commands that read records, and the options that they share."""
