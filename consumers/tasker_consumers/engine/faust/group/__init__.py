"""The worker as a member and leader of its group."""
