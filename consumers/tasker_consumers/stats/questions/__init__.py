"""Answers to what is asked over HTTP."""
