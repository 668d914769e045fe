"""`tasker tasks`: the list, and the sources of its rows."""
