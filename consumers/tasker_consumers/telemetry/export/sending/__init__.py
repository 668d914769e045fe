"""Requests on their way: what a backend answers, and what that leads to."""
