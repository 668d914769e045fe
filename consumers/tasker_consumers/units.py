"""Lengths of time in microseconds, the unit of events' times."""

HOUR_US = 3600 * 1_000_000
DAY_US = 24 * HOUR_US
