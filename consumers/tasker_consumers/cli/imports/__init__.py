"""`tasker import`."""
