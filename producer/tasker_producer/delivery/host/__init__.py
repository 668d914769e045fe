"""The process around the delivery: its threads, its forks and its end, its log."""
