"""Files to import."""

from pathlib import Path

import pytest

from tests.support.importers.run_import import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Contents that become files."""
    return Files(tmp_path)
