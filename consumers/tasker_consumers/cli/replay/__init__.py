"""`tasker replay`: options, sources and targets."""
