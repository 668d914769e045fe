"""States on disk or in memory."""
