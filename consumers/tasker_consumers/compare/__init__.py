"""Compares runs: two of them by their steps and times, or two populations by the causes of their difference."""
