"""`tasker trace`: options, sources and output of a run."""
