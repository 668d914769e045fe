"""What changes while pages are open: the newest tasks, followed in threads."""
