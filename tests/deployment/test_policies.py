"""Every overlay keeps every policy; and each policy is broken once, to see that it notices."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kubernetes import policies
from tests.support.kubernetes.network import network
from tests.support.kubernetes.render import OVERLAYS, of_kind, pods, render, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

Objects = tuple[dict[str, Any], ...]
each_policy = pytest.mark.parametrize("policy", policies.POLICIES, ids=lambda policy: policy.__name__)


@pytest.mark.parametrize("overlay", OVERLAYS)
@each_policy
def test_every_overlay_keeps_every_policy(overlay: str, policy: policies.Policy) -> None:
    assert list(policy(render(overlay))) == []


def pod(objects: Objects, name: str = "StatefulSet/tasker-stats") -> dict[str, Any]:
    """A workload's pod, to be changed in place."""
    return pods(objects)[name]


def container(objects: Objects) -> dict[str, Any]:
    """The container of the statistics, to be changed in place."""
    found: dict[str, Any] = pod(objects)["containers"][0]
    return found


def spec(objects: Objects, kind: str, name: str = "tasker-stats") -> dict[str, Any]:
    """The specification of an object, to be changed in place."""
    found: dict[str, Any] = of_kind(objects, kind)[name]["spec"]
    return found


def web(objects: Objects) -> dict[str, Any]:
    """The container of the web view, to be changed in place."""
    found: dict[str, Any] = pod(objects, "Deployment/tasker-web")["containers"][0]
    return found


def way(objects: Objects, name: str) -> dict[str, Any]:
    """A NetworkPolicy, to be changed in place."""
    return spec(objects, "NetworkPolicy", name)


def data(objects: Objects) -> dict[str, str]:
    """The settings, to be changed in place."""
    return settings_of(objects)


#: The policies that close all workers to others.
_CLOSING = ("tasker-default-deny", "tasker-readers")
#: What is changed, and the policy that must notice.
MUTATIONS: dict[str, tuple[policies.Policy, Callable[[Objects], object]]] = {
    "root": (policies.no_root, lambda o: pod(o)["securityContext"].update(runAsNonRoot=False)),
    "no user": (policies.no_root, lambda o: pod(o)["securityContext"].pop("runAsUser")),
    "seccomp": (policies.no_root, lambda o: pod(o)["securityContext"].pop("seccompProfile")),
    "host network": (policies.no_root, lambda o: pod(o).update(hostNetwork=True)),
    "privileged": (policies.no_root, lambda o: container(o)["securityContext"].update(privileged=True)),
    "escalation": (policies.no_root, lambda o: container(o)["securityContext"].pop("allowPrivilegeEscalation")),
    "writable root": (policies.no_root, lambda o: container(o)["securityContext"].pop("readOnlyRootFilesystem")),
    "capabilities": (policies.no_root, lambda o: container(o)["securityContext"].pop("capabilities")),
    "token": (policies.no_token, lambda o: pod(o).pop("automountServiceAccountToken")),
    "account": (
        policies.no_token,
        lambda o: of_kind(o, "ServiceAccount")["tasker-events"].pop("automountServiceAccountToken"),
    ),
    "service links": (policies.no_service_links, lambda o: pod(o).pop("enableServiceLinks")),
    "no limit": (policies.resources, lambda o: container(o)["resources"].pop("limits")),
    "no request": (policies.resources, lambda o: container(o)["resources"]["requests"].pop("cpu")),
    "endless volume": (policies.resources, lambda o: pod(o)["volumes"].append({"name": "x", "emptyDir": {}})),
    "no liveness": (policies.probes, lambda o: container(o).pop("livenessProbe")),
    "no readiness": (policies.probes, lambda o: container(o).pop("readinessProbe")),
    "no startup": (policies.probes, lambda o: container(o).pop("startupProbe")),
    "latest": (policies.fixed_images, lambda o: container(o).update(image="tasker-events:latest")),
    "no tag": (policies.fixed_images, lambda o: container(o).update(image="registry:5000/tasker-events")),
    "volumes go": (policies.workers, lambda o: spec(o, "StatefulSet").pop("persistentVolumeClaimRetentionPolicy")),
    "no volume": (policies.workers, lambda o: spec(o, "StatefulSet").pop("volumeClaimTemplates")),
    "no time": (policies.workers, lambda o: pod(o).update(terminationGracePeriodSeconds=5)),
    "one node": (policies.workers, lambda o: pod(o).pop("topologySpreadConstraints")),
    "dynamic member": (policies.workers, lambda o: container(o).pop("env")),
    "same member": (
        policies.workers,
        lambda o: container(o).update(env=[{"name": "TASKER_GROUP_INSTANCE_ID", "value": "a"}]),
    ),
    "no web token": (policies.web, lambda o: web(o).update(env=[])),
    "one web view": (policies.web, lambda o: spec(o, "Deployment", "tasker-web").update(replicas=1)),
    "web view away": (policies.web, lambda o: spec(o, "Deployment", "tasker-web").pop("strategy")),
    "web view ends at once": (policies.web, lambda o: web(o).pop("lifecycle")),
    "web view on one node": (
        policies.web,
        lambda o: pod(o, "Deployment/tasker-web").pop("topologySpreadConstraints"),
    ),
    "web view scraped": (policies.web, lambda o: web(o)["ports"][0].update(name="http")),
    "web view as root": (policies.no_root, lambda o: web(o)["securityContext"].pop("readOnlyRootFilesystem")),
    "web view without probes": (policies.probes, lambda o: web(o).pop("readinessProbe")),
    "web view without limit": (policies.resources, lambda o: web(o)["resources"].pop("limits")),
    "web views all at once": (
        policies.disruption,
        lambda o: spec(o, "PodDisruptionBudget", "tasker-web").update(maxUnavailable=2),
    ),
    "token of the web view in the settings": (
        policies.no_secret_in_plain_sight,
        lambda o: data(o).update(TASKER_WEB_TOKEN="sixteen-characters"),
    ),
    "token of the web view in a variable": (
        policies.no_secret_in_plain_sight,
        lambda o: web(o)["env"].append({"name": "TASKER_WEB_TOKEN", "value": "sixteen-characters"}),
    ),
    "token file for all": (policies.files, lambda o: data(o).update(TASKER_WEB_TOKEN_FILE="/etc/tasker/token/token")),
    "open by default": (
        network,
        lambda o: [way(o, name).update(podSelector={"matchLabels": {"a": "b"}}) for name in _CLOSING],
    ),
    "readers of the web view": (
        network,
        lambda o: way(o, "tasker-readers")["podSelector"].pop("matchExpressions"),
    ),
    "anybody": (network, lambda o: way(o, "tasker-ingress-to-web")["ingress"][0].pop("from")),
    "every namespace": (
        network,
        lambda o: way(o, "tasker-ingress-to-web")["ingress"][0].update({"from": [{"namespaceSelector": {}}]}),
    ),
    "ingress to the workers": (
        network,
        lambda o: way(o, "tasker-ingress-to-web").update(podSelector={}),
    ),
    "no way to the database": (network, lambda o: way(o, "tasker-web-to-database").update(egress=[])),
    "no way to Kafka": (network, lambda o: way(o, "tasker-to-kafka")["egress"].pop()),
    "all at once": (policies.disruption, lambda o: spec(o, "PodDisruptionBudget").update(maxUnavailable=2)),
    "other pods": (policies.disruption, lambda o: spec(o, "PodDisruptionBudget").update(selector={})),
    "fixed setting": (
        policies.settings,
        lambda o: container(o)["env"].append({"name": "TASKER_LOG_LEVEL", "value": "debug"}),
    ),
    "a file of another program": (
        policies.files,
        lambda o: data(o).update(TASKER_STORE_URL_FILE="/etc/tasker/database/url"),
    ),
    "no mount": (policies.files, lambda o: container(o).update(volumeMounts=[])),
    "no settings": (policies.settings, lambda o: container(o).pop("envFrom")),
    "password": (
        policies.no_secret_in_plain_sight,
        lambda o: data(o).update(KAFKA_SASL_PASSWORD="secret"),
    ),
    "password of a Secret in a variable": (
        policies.no_secret_in_plain_sight,
        lambda o: container(o)["env"].append({"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}),
    ),
    "Secret as variables": (
        policies.no_secret_in_plain_sight,
        lambda o: container(o)["envFrom"].append({"secretRef": {"name": "a"}}),
    ),
    "to zero": (policies.scaling, lambda o: spec(o, "ScaledObject").update(minReplicaCount=0)),
    "above the partitions": (policies.scaling, lambda o: data(o).update(TASKER_PARTITIONS="4")),
    "down at once": (
        policies.scaling,
        lambda o: spec(o, "ScaledObject")["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"].update(
            stabilizationWindowSeconds=0
        ),
    ),
    "two owners of the replicas": (policies.scaling, lambda o: spec(o, "StatefulSet").update(replicas=3)),
    "job keeps its name": (policies.topics_job, lambda o: _job(o)["metadata"].update(name="tasker-topics")),
    "job keeps its name for another image": (policies.topics_job, lambda o: data(o).update(IMAGE="")),
}


def _job(objects: Objects) -> dict[str, Any]:
    return next(o for o in objects if o["kind"] == "Job")


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_rule_is_noticed(mutation: str) -> None:
    policy, change = MUTATIONS[mutation]
    objects = deepcopy(render("overlays/production"))
    change(objects)
    assert list(policy(objects))


@each_policy
def test_each_policy_has_a_mutation(policy: policies.Policy) -> None:
    assert policy in {broken for broken, _ in MUTATIONS.values()}
