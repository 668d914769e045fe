"""Where events wait on disk: the files, their rows, their directory, and what is done about damage."""
