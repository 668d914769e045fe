"""What reads the topics: statistics, traces, replay, importers, and the command line over them."""
