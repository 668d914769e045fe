"""k8s/base: both groups and the topics, with probes, limits and no rights that nobody needs."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tasker_consumers.settings import ConsumerSettings, unknown_variables
from tests.support.deployment import (
    BASE,
    PORT,
    STATE_DIR,
    image_environment,
    is_a_command,
    kustomization,
    objects,
    pods,
)

PODS = pods()
WORKERS = {name: pod for name, pod in PODS.items() if pod["containers"][0]["args"][0] == "run"}
each_pod = pytest.mark.parametrize("pod", PODS.values(), ids=list(PODS))
each_worker = pytest.mark.parametrize("name", WORKERS)


def settings() -> dict[str, str]:
    """What the ConfigMap hands to every pod."""
    literals = [literal for made in kustomization()["configMapGenerator"] for literal in made["literals"]]
    return dict(literal.split("=", 1) for literal in literals)


def test_the_kustomization_lists_exactly_the_files_beside_it() -> None:
    assert {file.name for file in BASE.iterdir()} == {"kustomization.yaml", *kustomization()["resources"]}


def test_both_groups_and_the_topics_are_deployed() -> None:
    assert PODS.keys() == {"tasker-topics", "tasker-stats", "tasker-telemetry"}


@each_pod
def test_every_command_in_kubernetes_exists_on_the_command_line(pod: dict[str, Any]) -> None:
    assert [is_a_command(container["args"]) for container in pod["containers"]] == [True]


def test_every_setting_in_kubernetes_is_known_and_can_work() -> None:
    assert unknown_variables(settings()) == []
    assert ConsumerSettings.from_env(image_environment() | settings()).web_port == PORT


@each_pod
def test_every_pod_reads_the_settings_and_runs_the_one_image(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    (config,) = kustomization()["configMapGenerator"]
    (image,) = kustomization()["images"]
    assert container["envFrom"] == [{"configMapRef": {"name": config["name"]}}]
    assert container["image"] == image["name"]


@each_worker
def test_probes_ask_what_the_worker_answers(name: str) -> None:
    (container,) = WORKERS[name]["containers"]
    paths = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert container["ports"] == [{"name": container["readinessProbe"]["httpGet"]["port"], "containerPort": PORT}]


@each_worker
def test_a_worker_has_time_to_drain_and_a_disk_that_stays(name: str) -> None:
    (stateful_set,) = [o for o in objects() if o["kind"] == "StatefulSet" and o["metadata"]["name"] == name]
    claims = {claim["metadata"]["name"] for claim in stateful_set["spec"]["volumeClaimTemplates"]}
    mounts = {mount["mountPath"]: mount["name"] for mount in WORKERS[name]["containers"][0]["volumeMounts"]}
    assert mounts[STATE_DIR] in claims
    assert WORKERS[name]["terminationGracePeriodSeconds"] >= 30


@each_worker
def test_a_worker_has_its_service_and_loses_one_pod_at_a_time(name: str) -> None:
    found = {o["kind"]: o["spec"] for o in objects() if o["metadata"]["name"] == name}
    labels = found["StatefulSet"]["template"]["metadata"]["labels"]
    assert found["StatefulSet"]["selector"]["matchLabels"] == labels
    assert found["StatefulSet"]["serviceName"] == name
    assert found["Service"]["selector"] == labels
    assert found["PodDisruptionBudget"]["selector"]["matchLabels"] == labels
    assert found["PodDisruptionBudget"]["maxUnavailable"] == 1


@each_pod
def test_pods_keep_the_restricted_security_standard(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@each_pod
def test_pods_say_what_they_need_and_get_no_token(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert container["resources"]["limits"].keys() == {"memory"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] in {o["metadata"]["name"] for o in objects() if o["kind"] == "ServiceAccount"}


def test_each_stats_worker_tells_the_others_the_address_of_its_own_pod() -> None:
    (container,) = PODS["tasker-stats"]["containers"]
    variables = {one["name"]: one for one in container["env"]}
    assert variables["POD_IP"]["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert variables["TASKER_WEB_URL"]["value"] == f"http://$(POD_IP):{PORT}"
    assert unknown_variables(dict.fromkeys(variables, "")) == []


@each_pod
def test_kubernetes_adds_no_variables_that_look_like_settings(pod: dict[str, Any]) -> None:
    assert pod["enableServiceLinks"] is False


@pytest.mark.skipif(shutil.which("kustomize") is None, reason="kustomize is not installed")
def test_kustomize_itself_builds_the_base() -> None:
    done = subprocess.run(["kustomize", "build", str(BASE)], capture_output=True, check=True)
    assert {o["kind"] for o in yaml.safe_load_all(done.stdout)} == {*(o["kind"] for o in objects()), "ConfigMap"}
