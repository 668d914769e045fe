"""Completion statistics: the task stream and the step stream, joined per task."""
