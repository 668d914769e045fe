"""Fixtures for the tests of everything that waits."""

from tests.support.producer.spooled import closed_databases

__all__ = ["closed_databases"]
