"""Which records a command reads: one selection for all commands."""
