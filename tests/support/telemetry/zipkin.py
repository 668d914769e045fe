"""A real Zipkin, one for all tests of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasker_consumers.embedded import WebSource, find_zipkin
from tests.support.shared_servers import shared_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def zipkin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSource]:
    """A running Zipkin that all tests share: the one OTEL_EXPORTER_ZIPKIN_ENDPOINT names, else an own one."""
    with shared_server(find_zipkin, WebSource, tmp_path_factory) as source:
        yield source
