"""Kustomize's output for a folder of k8s/, as objects."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
K8S = ROOT / "k8s"
OVERLAYS = ("base", *sorted(f"overlays/{folder.name}" for folder in (K8S / "overlays").iterdir()))

Object = dict[str, Any]


def kustomize() -> list[str]:
    """Return the command that renders a folder; skips the test where neither kubectl nor kustomize is installed."""
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    pytest.skip("neither kubectl nor kustomize is installed")


@cache
def render(folder: str) -> tuple[Object, ...]:
    """Return every object of a folder below k8s/."""
    return render_path(K8S / folder)


def render_path(folder: Path) -> tuple[Object, ...]:
    """Return every object that kustomize makes of a folder."""
    done = subprocess.run([*kustomize(), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.load_all(done.stdout, Loader=yaml.CSafeLoader))


def of_kind(objects: tuple[Object, ...], kind: str) -> dict[str, Object]:
    """Return the objects of a kind by their names."""
    return {o["metadata"]["name"]: o for o in objects if o["kind"] == kind}


def pods(objects: tuple[Object, ...]) -> dict[str, Object]:
    """Return the pod specification of every workload, by kind and name."""
    return {
        f"{o['kind']}/{o['metadata']['name']}": o["spec"]["template"]["spec"]
        for o in objects
        if o["kind"] in {"Deployment", "StatefulSet", "Job"}
    }


def containers(pod: Object) -> list[Object]:
    """Return every container of a pod, those that run first included."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def settings_of(objects: tuple[Object, ...]) -> dict[str, str]:
    """Return the settings that every process of ours gets."""
    (config,) = [o for name, o in of_kind(objects, "ConfigMap").items() if name.startswith("tasker-events-")]
    data: dict[str, str] = config["data"]
    return data


def environment_of(objects: tuple[Object, ...], container: Object) -> dict[str, str]:
    """Return the variables that a container starts with; those that Kubernetes fills in are empty."""
    maps = of_kind(objects, "ConfigMap")
    referred = [maps[source["configMapRef"]["name"]]["data"] for source in container.get("envFrom", [])]
    own = {variable["name"]: variable.get("value", "") for variable in container.get("env", [])}
    return {name: value for told in (*referred, own) for name, value in told.items()}
