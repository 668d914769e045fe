"""The fold of events into the state of a task's spans."""
