"""A real Zipkin for the tests: one for the whole session, and one of its own for a test that breaks it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tasker_consumers.embedded import EmbeddedZipkin, WebSource, find_zipkin

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def zipkin() -> Iterator[WebSource]:
    """A running Zipkin that all tests share: the one OTEL_EXPORTER_ZIPKIN_ENDPOINT names, else an own one."""
    with find_zipkin(os.environ) as source:
        yield source


@pytest.fixture
def own_zipkin() -> Iterator[EmbeddedZipkin]:
    """A Zipkin for this test alone, which may stop and kill it."""
    with EmbeddedZipkin() as server:
        yield server
