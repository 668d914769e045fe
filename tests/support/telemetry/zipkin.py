"""A real Zipkin, one for all tests of the session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tasker_consumers.embedded import WebSource, find_zipkin

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def zipkin() -> Iterator[WebSource]:
    """A running Zipkin that all tests share: the one OTEL_EXPORTER_ZIPKIN_ENDPOINT names, else an own one."""
    with find_zipkin(os.environ) as source:
        yield source
