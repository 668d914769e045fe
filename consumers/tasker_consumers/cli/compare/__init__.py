"""`tasker diff`: options, sources and output of comparisons."""
