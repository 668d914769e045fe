"""Histories of Temporal as events."""
