"""A real schema registry for the tests: one for the whole run, and one of its own for a test that breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasker_consumers.embedded import EmbeddedRegistry, WebSource, find_registry
from tests.support.shared_servers import shared_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSource]:
    """A running schema registry that all tests share: the one SCHEMA_REGISTRY_URL names, else an own one."""
    with shared_server(find_registry, WebSource, tmp_path_factory) as source:
        yield source


@pytest.fixture
def own_registry(tmp_path: Path) -> Iterator[EmbeddedRegistry]:
    """A schema registry for this test alone, which may stop, kill and restart it; its schemas outlive a restart."""
    with EmbeddedRegistry(data_dir=tmp_path / "registry") as server:
        yield server
