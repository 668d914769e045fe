"""The selection of the records that a command reads, the same for all commands."""
