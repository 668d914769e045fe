"""Read the topics again, without a group and without harm: select, show, republish."""
