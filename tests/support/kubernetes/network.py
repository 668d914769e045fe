"""The policy of the ways in and out: whom each pod reaches, and who reaches it, by its NetworkPolicies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.kubernetes.render import Object, containers, environment_of, of_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATABASE, _DNS, _KAFKA = 5432, 53, 9092
_WEB = "tasker-web"
#: Labels of the namespaces that a pod lets in: workers have readers, the web view has the ingress.
_READERS, _INGRESS = "tasker-events/reads", "tasker-events/ingress"


def network(objects: tuple[Object, ...]) -> Iterator[str]:
    """Where there are NetworkPolicies: nothing is open by default, each pod gets out to its servers, few come in."""
    rules = [policy["spec"] for policy in of_kind(objects, "NetworkPolicy").values()]
    if not rules:
        return
    for name, labels, pod in _ours(objects):
        own = [rule for rule in rules if _selects(rule["podSelector"], labels)]
        if {"Ingress", "Egress"} - {kind for rule in own for kind in rule["policyTypes"]}:
            yield f"{name}: open by default"
        needed = {_DNS, _KAFKA}
        if any("TASKER_STORE_URL_FILE" in environment_of(objects, container) for container in containers(pod)):
            needed.add(_DATABASE)
        if missing := {port for port in needed if not any(_reaches(rule, port) for rule in own)}:
            yield f"{name}: does not reach {sorted(missing)}"
        allowed = {_INGRESS if name == _WEB else _READERS, name}
        if strangers := {who for rule in own for who in _visitors(rule)} - allowed:
            yield f"{name}: lets in {sorted(strangers)}"


def _ours(objects: tuple[Object, ...]) -> Iterator[tuple[str, dict[str, str], Object]]:
    """Yield the name, the labels and the pod of each workload that belongs to us."""
    for kind in ("Deployment", "StatefulSet", "Job"):
        for name, workload in of_kind(objects, kind).items():
            template = workload["spec"]["template"]
            if any("tasker-events" in container["image"] for container in template["spec"]["containers"]):
                yield name, template["metadata"]["labels"], template["spec"]


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Return whether a selector chooses a pod with these labels."""
    for expression in selector.get("matchExpressions", []):
        is_in = labels.get(expression["key"]) in expression["values"]
        if is_in != (expression["operator"] == "In"):
            return False
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


def _reaches(rule: dict[str, Any], port: int) -> bool:
    ports = [told for way in rule.get("egress", []) for told in way["ports"]]
    return any(told["port"] <= port <= told.get("endPort", told["port"]) for told in ports)


def _visitors(rule: dict[str, Any]) -> Iterator[str]:
    """Yield the label of each namespace or the name of each workload that a rule lets in, or `anybody`."""
    for way in rule.get("ingress", []):
        for peer in way.get("from", [{}]):
            namespaces = peer.get("namespaceSelector", {}).get("matchLabels", {})
            pods = peer.get("podSelector", {}).get("matchLabels", {})
            yield from list(namespaces) or list(pods.values()) or ["anybody"]
