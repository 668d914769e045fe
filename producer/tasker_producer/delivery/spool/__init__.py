"""Where events wait on disk: the files, their rows, their directory, and the repair of damage."""
