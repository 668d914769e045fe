"""A real schema registry for the tests: one for the whole run, and another for tests that break it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasker_consumers.embedded import EmbeddedRegistry, WebSource, find_registry
from tests.support.shared_servers import shared_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSource]:
    """A running schema registry that all tests share: the one SCHEMA_REGISTRY_URL names, else an own one."""
    with shared_server(find_registry, WebSource, tmp_path_factory) as source:
        yield source


@pytest.fixture(scope="module")
def breakable_registry() -> Iterator[EmbeddedRegistry]:
    """A schema registry that a module's tests may stop, kill and restart: who gets it may find it dead."""
    with EmbeddedRegistry() as server:
        yield server


@pytest.fixture
def own_registry(breakable_registry: EmbeddedRegistry) -> EmbeddedRegistry:
    """A running schema registry, which this test may stop, kill and restart; its schemas outlive a restart."""
    breakable_registry.start()
    return breakable_registry
