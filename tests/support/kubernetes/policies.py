"""Policies of manifests: each takes the objects of an overlay and yields a line for each breach."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.support.kubernetes.network import network
from tests.support.kubernetes.render import Object, containers, environment_of, of_kind, pods, settings_of

Policy = Callable[[tuple[Object, ...]], Iterator[str]]
#: Variables that follow from the pod, so that no ConfigMap may set them.
OF_THE_POD = {
    "TASKER_GROUP_INSTANCE_ID",
    "TASKER_WEB_URL",
    "TASKER_WEB_TOKEN_FILE",
    "FORWARDED_ALLOW_IPS",
    "KAFKA_SASL_USERNAME",
    "TASKER_STORE_URL_FILE",
}
_DRAIN_S = 30


def no_root(objects: tuple[Object, ...]) -> Iterator[str]:
    """The restricted Pod Security Standard, and a root file system that nobody writes to."""
    for name, pod in pods(objects).items():
        context = pod.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{name}: may run as root"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{name}: no seccomp profile"
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(key):
                yield f"{name}: {key}"
        for container in containers(pod):
            own = container.get("securityContext", {})
            if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
                yield f"{name}: may become privileged"
            if own.get("readOnlyRootFilesystem") is not True:
                yield f"{name}: writes to its root file system"
            if own.get("capabilities") != {"drop": ["ALL"]}:
                yield f"{name}: keeps capabilities"


def no_token(objects: tuple[Object, ...]) -> Iterator[str]:
    """Nothing here talks to Kubernetes."""
    for name, pod in pods(objects).items():
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name}: gets a token"
    for name, account in of_kind(objects, "ServiceAccount").items():
        if account.get("automountServiceAccountToken") is not False:
            yield f"{name}: hands out tokens"


def no_service_links(objects: tuple[Object, ...]) -> Iterator[str]:
    """Kubernetes would add variables that look like settings."""
    for name, pod in pods(objects).items():
        if pod.get("enableServiceLinks") is not False:
            yield f"{name}: gets variables of services"


def resources(objects: tuple[Object, ...]) -> Iterator[str]:
    """Requests for the scheduler, and a limit of the memory; a limit of the CPU would slow a restore down."""
    for name, pod in pods(objects).items():
        for container in containers(pod):
            told = container.get("resources", {})
            if set(told.get("requests", {})) != {"cpu", "memory"} or set(told.get("limits", {})) != {"memory"}:
                yield f"{name}: requests and limits"
        for volume in pod.get("volumes", []):
            if "emptyDir" in volume and not volume["emptyDir"].get("sizeLimit"):
                yield f"{name}: the volume {volume['name']} has no limit"


def probes(objects: tuple[Object, ...]) -> Iterator[str]:
    """Whatever stays has all three probes, and time to end."""
    for name, pod in pods(objects).items():
        if name.startswith("Job/"):
            continue
        for container in pod["containers"]:
            missing = {"startupProbe", "livenessProbe", "readinessProbe"} - set(container)
            if missing:
                yield f"{name}: {', '.join(sorted(missing))}"


def fixed_images(objects: tuple[Object, ...]) -> Iterator[str]:
    """A tag or a digest, and never `latest`."""
    for name, pod in pods(objects).items():
        for container in containers(pod):
            image = container["image"]
            tag = image.rpartition("/")[2].partition(":")[2]
            if "@sha256:" not in image and tag in {"", "latest"}:
                yield f"{name}: image {image}"


def workers(objects: tuple[Object, ...]) -> Iterator[str]:
    """A static member with a disk that stays, time to drain, and a rollout that takes one pod after the other."""
    for name, pod in pods(objects).items():
        for container in pod["containers"]:
            if container.get("args", [""])[0] != "run":
                continue
            own = of_kind(objects, "StatefulSet")[name.partition("/")[2]]["spec"]
            kept = {"whenScaled": "Retain", "whenDeleted": "Retain"}
            if own.get("persistentVolumeClaimRetentionPolicy") != kept or not own.get("volumeClaimTemplates"):
                yield f"{name}: its disk goes"
            if pod["terminationGracePeriodSeconds"] < _DRAIN_S:
                yield f"{name}: no time to drain"
            if {"maxSkew", "topologyKey"} - set(pod.get("topologySpreadConstraints", [{}])[0]):
                yield f"{name}: may stand on one node"
            variables = {v["name"]: v.get("valueFrom") for v in container.get("env", [])}
            pod_name = {"fieldRef": {"fieldPath": "metadata.name"}}
            if _without_version(variables.get("TASKER_GROUP_INSTANCE_ID")) != pod_name:
                yield f"{name}: no static member"


def web(objects: tuple[Object, ...]) -> Iterator[str]:
    """The web view asks who people are, stays there in a rollout, stands on several nodes, and is not scraped."""
    for name, deployment in of_kind(objects, "Deployment").items():
        spec, pod = deployment["spec"], deployment["spec"]["template"]["spec"]
        for container in pod["containers"]:
            if container.get("args") != ["web"]:
                continue
            if not environment_of(objects, container).get("TASKER_WEB_TOKEN_FILE"):
                yield f"{name}: asks for no token"
            if spec["replicas"] < 2 or spec.get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable") != 0:
                yield f"{name}: away in a rollout"
            if not container.get("lifecycle", {}).get("preStop"):
                yield f"{name}: refuses those who have not heard yet that it ends"
            if {"maxSkew", "topologyKey"} - set(pod.get("topologySpreadConstraints", [{}])[0]):
                yield f"{name}: may stand on one node"
            if any(port["name"] == "http" for port in container["ports"]):
                yield f"{name}: Prometheus asks it for metrics"


def disruption(objects: tuple[Object, ...]) -> Iterator[str]:
    """A drained node takes one pod of a group, or of the web view, at a time."""
    budgets = of_kind(objects, "PodDisruptionBudget")
    for name, workload in {**of_kind(objects, "StatefulSet"), **of_kind(objects, "Deployment")}.items():
        if not name.startswith("tasker-"):
            continue
        spec = budgets.get(name, {}).get("spec", {})
        if spec.get("maxUnavailable") != 1 or spec.get("selector") != workload["spec"]["selector"]:
            yield f"{name}: no disruption budget"


def settings(objects: tuple[Object, ...]) -> Iterator[str]:
    """All of our processes read the one ConfigMap, and nothing that it may hold is fixed elsewhere."""
    (config,) = [name for name in of_kind(objects, "ConfigMap") if name.startswith("tasker-events-")]
    for name, pod in pods(objects).items():
        for container in containers(pod):
            if "tasker-events" not in container["image"]:
                continue
            if container.get("envFrom") != [{"configMapRef": {"name": config}}]:
                yield f"{name}: does not read the settings"
            fixed = {v["name"] for v in container.get("env", [])} - OF_THE_POD
            if fixed:
                yield f"{name}: fixes {', '.join(sorted(fixed))}"


def files(objects: tuple[Object, ...]) -> Iterator[str]:
    """Every file that the settings of a container name is in it: else its program ends before it begins."""
    for name, pod in pods(objects).items():
        for container in containers(pod):
            mounted = {mount["mountPath"] for mount in container.get("volumeMounts", [])}
            for variable, path in environment_of(objects, container).items():
                named = variable.endswith(("_FILE", "_LOCATION")) and path
                if named and path.rpartition("/")[0] not in mounted:
                    yield f"{name}: {container['name']} has no {path}"


def no_secret_in_plain_sight(objects: tuple[Object, ...]) -> Iterator[str]:
    """Secrets are referred to, and come as files."""
    for name in of_kind(objects, "Secret"):
        yield f"{name}: a Secret among the manifests"
    for name, pod in pods(objects).items():
        for container in containers(pod):
            if any("secretKeyRef" in v.get("valueFrom", {}) for v in container.get("env", [])):
                yield f"{name}: a secret in a variable"
            plain = {v["name"]: v["value"] for v in container.get("env", []) if v.get("value")}
            for key in _secrets_among(plain):
                yield f"{name}: {key} is a secret in a variable"
            if any("secretRef" in source for source in container.get("envFrom", [])):
                yield f"{name}: secrets in variables"
    for key in _secrets_among(settings_of(objects)):
        yield f"{key}: a secret in the settings"


def scaling(objects: tuple[Object, ...]) -> Iterator[str]:
    """Never to zero, never above the partitions, slowly down; and nobody else sets the number of replicas."""
    for name, scaled in of_kind(objects, "ScaledObject").items():
        spec = scaled["spec"]
        if spec["minReplicaCount"] < 1 or "idleReplicaCount" in spec:
            yield f"{name}: scales to zero"
        if spec["maxReplicaCount"] > int(settings_of(objects)["TASKER_PARTITIONS"]):
            yield f"{name}: more workers than partitions"
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        if behavior["scaleDown"]["stabilizationWindowSeconds"] < 600:
            yield f"{name}: scales down at once"
        if "replicas" in of_kind(objects, "StatefulSet")[spec["scaleTargetRef"]["name"]]["spec"]:
            yield f"{name}: applying again sets the replicas back"


def topics_job(objects: tuple[Object, ...]) -> Iterator[str]:
    """The template of a job cannot change, so its name follows the settings and the image."""
    for name, pod in pods(objects).items():
        if name.startswith("Job/"):
            (container,) = pod["containers"]
            if container["envFrom"] != [{"configMapRef": {"name": name.partition("/")[2]}}]:
                yield f"{name}: keeps its name while the settings change"
            if settings_of(objects)["IMAGE"] != container["image"]:
                yield f"{name}: keeps its name while the image changes"


POLICIES: tuple[Policy, ...] = (
    no_root,
    no_token,
    no_service_links,
    resources,
    probes,
    fixed_images,
    workers,
    web,
    disruption,
    settings,
    files,
    no_secret_in_plain_sight,
    scaling,
    topics_job,
    network,
)


def _secrets_among(variables: dict[str, str]) -> list[str]:
    """Return the variables that hold a secret themselves; those that name its file do not."""
    return [
        name
        for name, value in variables.items()
        if value and any(word in name for word in ("PASSWORD", "SECRET", "TOKEN")) and not name.endswith("_FILE")
    ]


def _without_version(source: Object | None) -> Object | None:
    """Return a reference to a field without the version that some tools add."""
    return source and {"fieldRef": {"fieldPath": source.get("fieldRef", {}).get("fieldPath")}}
