"""Instances of WfCommons as events."""
