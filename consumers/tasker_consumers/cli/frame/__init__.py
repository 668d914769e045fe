"""The frame around all commands: their table, the options that all share, help texts, errors."""
