"""A real API server takes every manifest, and every change of one that runs. Needs etcd and kube-apiserver."""

from __future__ import annotations

from shutil import copytree
from typing import TYPE_CHECKING

import pytest

from tests.support.kubernetes.api_server import ApiServer, missing_programs
from tests.support.kubernetes.render import K8S, OVERLAYS
from tests.support.kubernetes.schemas import CRDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server that knows the operators' objects, and has the namespace."""
    with ApiServer(tmp_path_factory.mktemp("api-server")) as running:
        assert running.kubectl("apply", "--server-side", "-f", str(CRDS)).returncode == 0
        assert running.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s").returncode == 0
        for namespace in ("tasker", "changed", "named"):
            assert running.kubectl("create", "namespace", namespace).returncode == 0
        yield running


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_server_takes_every_object(server: ApiServer, overlay: str) -> None:
    done = server.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-k", str(K8S / overlay))
    assert done.returncode == 0, done.stderr


def test_the_server_takes_a_corrected_setting_and_another_image(server: ApiServer, tmp_path: Path) -> None:
    for number, (servers, tag) in enumerate(
        [("wrong:9092", "0.1.0"), ("right:9092", "0.1.0"), ("right:9092", "0.2.0")]
    ):
        folder = copytree(K8S, tmp_path / str(number)) / "base"
        file = folder / "kustomization.yaml"
        text = file.read_text(encoding="utf-8").replace("kafka:9092", servers)
        file.write_text(text.replace("newTag: 0.1.0", f"newTag: {tag}"))
        done = server.kubectl("apply", "-n", "changed", "-k", str(folder))
        assert done.returncode == 0, done.stderr
    assert len(server.kubectl("get", "jobs", "-n", "changed", "-o", "name").stdout.split()) == 3


def test_the_server_refuses_a_changed_job_under_its_old_name(server: ApiServer, tmp_path: Path) -> None:
    folder = copytree(K8S, tmp_path / "named") / "base"
    (folder / "names.yaml").write_text("nameReference: []\n")
    assert server.kubectl("apply", "-n", "named", "-k", str(folder)).returncode == 0
    file = folder / "kustomization.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("kafka:9092", "other:9092"))
    refused = server.kubectl("apply", "-n", "named", "-k", str(folder))
    assert "field is immutable" in refused.stderr
