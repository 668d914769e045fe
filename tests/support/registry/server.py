"""A real schema registry for the tests: one for the whole session, and one of its own for a test that breaks it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tasker_consumers.embedded import EmbeddedRegistry, WebSource, find_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def registry() -> Iterator[WebSource]:
    """A running schema registry that all tests share: the one SCHEMA_REGISTRY_URL names, else an own one."""
    with find_registry(os.environ) as source:
        yield source


@pytest.fixture
def own_registry(tmp_path: Path) -> Iterator[EmbeddedRegistry]:
    """A schema registry for this test alone, which may stop, kill and restart it; its schemas outlive a restart."""
    with EmbeddedRegistry(data_dir=tmp_path / "registry") as server:
        yield server
