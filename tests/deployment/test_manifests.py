"""k8s/: every overlay renders, fits the schemas, and says the same as the code."""

from __future__ import annotations

from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest

from tasker_consumers.settings import ConsumerSettings, unknown_variables
from tasker_schemas.topics import DEFAULT_PREFIX, all_topics
from tests.support.deployment import PORT, STATE_DIR, image_environment, is_a_command
from tests.support.kubernetes import strimzi
from tests.support.kubernetes.policies import POLICIES
from tests.support.kubernetes.render import (
    K8S,
    OVERLAYS,
    containers,
    environment_of,
    of_kind,
    pods,
    render,
    render_path,
    settings_of,
)
from tests.support.kubernetes.schemas import faults

if TYPE_CHECKING:
    from pathlib import Path

each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def ours(overlay: str) -> dict[str, dict[str, Any]]:
    """Every container that runs our image, by workload."""
    return {
        name: container
        for name, pod in pods(render(overlay)).items()
        for container in pod["containers"]
        if "tasker-events" in container["image"]
    }


@each_overlay
def test_every_object_fits_its_schema(overlay: str) -> None:
    assert [fault for made in render(overlay) for fault in faults(made)] == []


def test_a_field_that_does_not_exist_would_be_noticed() -> None:
    scaled = next(o for o in render("overlays/production") if o["kind"] == "ScaledObject")
    budget = next(o for o in render("base") if o["kind"] == "PodDisruptionBudget")
    assert faults({**scaled, "spec": {**scaled["spec"], "maxReplicas": 3}})
    assert faults({**scaled, "spec": {**scaled["spec"], "maxReplicaCount": "three"}})
    assert faults({**budget, "spec": {**budget["spec"], "maxUnavailabel": 1}})


@each_overlay
def test_every_command_exists_on_the_command_line(overlay: str) -> None:
    assert [c["args"] for c in ours(overlay).values() if not is_a_command(c["args"])] == []


@each_overlay
def test_every_setting_is_known_and_can_work(overlay: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a secret of many characters")
    told = settings_of(render(overlay))
    assert unknown_variables(told) == []
    for pod in pods(render(overlay)).values():
        for container in containers(pod):
            if "tasker-events" in container["image"]:
                own = environment_of(render(overlay), container)
                files = {name: str(tmp_path / "password") for name in own if name.endswith("_FILE")}
                assert ConsumerSettings.from_env(image_environment() | own | files).web_port == PORT


@each_overlay
def test_every_variable_of_a_pod_is_a_setting(overlay: str) -> None:
    fixed = {variable["name"] for container in ours(overlay).values() for variable in container.get("env", [])}
    assert unknown_variables(dict.fromkeys(fixed, "")) == []


def test_all_groups_and_the_topics_are_deployed() -> None:
    def commands(overlay: str) -> set[str]:
        return {" ".join(container["args"]) for container in ours(overlay).values()}

    assert commands("base") == {"topics create", "run stats", "run telemetry"}
    assert commands("overlays/production") == {*commands("base"), "run store", "web"}


def test_the_owner_of_the_database_is_known_to_the_migration_alone() -> None:
    pod = pods(render("overlays/production"))["StatefulSet/tasker-store"]
    secrets = {v["name"]: v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v}
    (migration,) = pod["initContainers"]
    (worker,) = pod["containers"]
    folder = environment_of(render("overlays/production"), worker)["TASKER_STORE_URL_FILE"].rpartition("/")[0]
    for container, secret in ((migration, "tasker-database-owner"), (worker, "tasker-database")):
        mounts = {m["mountPath"]: secrets.get(m["name"], "") for m in container["volumeMounts"]}
        assert mounts[folder] == secret
        assert [name for name in mounts.values() if name.startswith("tasker-database")] == [secret]
    assert is_a_command(migration["args"])


def test_the_web_view_reads_the_database_with_a_login_of_its_own() -> None:
    assert mounted("overlays/production", "TASKER_STORE_URL_FILE") == "tasker-database-reader"
    assert mounted("overlays/production", "TASKER_WEB_TOKEN_FILE") == "tasker-web-token"


def mounted(overlay: str, variable: str) -> str:
    """The Secret from which the web view has the file that a variable names."""
    pod = pods(render(overlay))["Deployment/tasker-web"]
    (container,) = pod["containers"]
    folder, _, file = environment_of(render(overlay), container)[variable].rpartition("/")
    (mount,) = [m for m in container["volumeMounts"] if m["mountPath"] == folder]
    (secret,) = [v["secret"] for v in pod["volumes"] if v["name"] == mount["name"]]
    assert file in {item["path"] for item in secret["items"]}
    name: str = secret["secretName"]
    return name


def test_the_web_view_can_be_had_alone(tmp_path: Path) -> None:
    folder = copytree(K8S, tmp_path / "k8s") / "base"
    file = folder / "kustomization.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("components:", "components:\n  - ../components/web"))
    objects = render_path(folder)
    (container,) = pods(objects)["Deployment/tasker-web"]["containers"]
    assert "TASKER_STORE_URL_FILE" not in environment_of(objects, container)
    assert [breach for policy in POLICIES for breach in policy(objects)] == []


def test_the_service_of_the_web_view_reaches_its_pods() -> None:
    objects = render("overlays/production")
    deployment, service = of_kind(objects, "Deployment")["tasker-web"], of_kind(objects, "Service")["tasker-web"]
    template = deployment["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert [port["targetPort"] for port in service["spec"]["ports"]] == [port["name"] for port in container["ports"]]
    scraped = {e["port"] for e in of_kind(objects, "PodMonitor")["tasker-events"]["spec"]["podMetricsEndpoints"]}
    assert scraped.isdisjoint(port["name"] for port in container["ports"])


@each_overlay
def test_probes_ask_what_the_worker_answers(overlay: str) -> None:
    for name, container in ours(overlay).items():
        if not name.startswith("Job/"):
            paths = [container[f"{p}Probe"]["httpGet"]["path"] for p in ("startup", "liveness", "readiness")]
            assert paths == ["/healthz", "/healthz", "/readyz"]
            assert [port["containerPort"] for port in container["ports"]] == [PORT]
        if name.startswith("StatefulSet/"):
            assert container["ports"][0]["name"] == "http"
            assert STATE_DIR in {mount["mountPath"] for mount in container["volumeMounts"]}


@each_overlay
def test_a_group_has_its_service_and_its_labels(overlay: str) -> None:
    services = of_kind(render(overlay), "Service")
    for name, stateful_set in of_kind(render(overlay), "StatefulSet").items():
        labels = stateful_set["spec"]["template"]["metadata"]["labels"]
        assert stateful_set["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert services[stateful_set["spec"]["serviceName"]]["spec"]["selector"].items() <= labels.items()
        assert stateful_set["spec"]["serviceName"] == name


@each_overlay
def test_each_worker_has_an_address_that_outlives_its_pod(overlay: str) -> None:
    for name, container in ours(overlay).items():
        if name.startswith("StatefulSet/"):
            variables = [v["name"] for v in container["env"]]
            address = container["env"][variables.index("TASKER_WEB_URL")]["value"]
            service = of_kind(render(overlay), "StatefulSet")[name.partition("/")[2]]["spec"]["serviceName"]
            assert address == f"http://$(TASKER_GROUP_INSTANCE_ID).{service}:{PORT}"
            # Kubernetes replaces only what stands before.
            assert variables.index("TASKER_GROUP_INSTANCE_ID") < variables.index("TASKER_WEB_URL")


def test_another_setting_or_image_is_another_job_for_the_topics(tmp_path: Path) -> None:
    def job(literal: str, tag: str) -> str:
        folder = copytree(K8S, tmp_path / literal / tag) / "base"
        file = folder / "kustomization.yaml"
        text = file.read_text(encoding="utf-8").replace("TASKER_PARTITIONS=6", literal)
        file.write_text(text.replace("newTag: 0.1.0", f"newTag: {tag}"))
        (name,) = of_kind(render_path(folder), "Job")
        return name

    (rendered,) = of_kind(render("base"), "Job")
    names = [
        job("TASKER_PARTITIONS=6", "0.1.0"),
        job("TASKER_PARTITIONS=12", "0.1.0"),
        job("TASKER_PARTITIONS=6", "0.2.0"),
    ]
    assert names[0] == rendered
    assert len(set(names)) == 3


def test_each_role_logs_in_as_itself_with_a_password_in_a_file() -> None:
    told = settings_of(render("overlays/production"))
    for name, pod in pods(render("overlays/production")).items():
        (container,) = pod["containers"]
        users = {v["name"]: v.get("value") for v in container.get("env", [])}
        volumes = {v["name"]: v for v in pod["volumes"]}
        mounts = {m["mountPath"]: volumes.get(m["name"], {}) for m in container["volumeMounts"]}
        role = "tasker-topics" if name.startswith("Job/") else name.partition("/")[2]
        assert users["KAFKA_SASL_USERNAME"] == role
        assert mounts[told["KAFKA_SASL_PASSWORD_FILE"].rpartition("/")[0]]["secret"]["secretName"] == role
        assert mounts[told["KAFKA_SSL_CA_LOCATION"].rpartition("/")[0]]["secret"]["secretName"] == "tasker-kafka-ca"


def test_strimzi_has_the_topics_of_the_code_and_the_rights_of_the_documentation() -> None:
    written = {name: (strimzi.FOLDER / name).read_text(encoding="utf-8") for name in strimzi.generated()}
    assert written == strimzi.generated(), "run `python -m tests.support.kubernetes.strimzi`"
    objects = render("overlays/production-strimzi")
    assert set(of_kind(objects, "KafkaTopic")) == {topic.name for topic in all_topics(DEFAULT_PREFIX)}
    used = {v["secret"]["secretName"] for pod in pods(objects).values() for v in pod["volumes"] if "secret" in v}
    of_kafka = {name for name in used if not name.startswith(("tasker-database", "tasker-web-token"))}
    assert of_kafka <= {*of_kind(objects, "KafkaUser"), f"{strimzi.CLUSTER}-cluster-ca-cert"}


def test_kedas_groups_and_login_are_those_of_the_workers() -> None:
    objects = render("overlays/production")
    for name, scaled in of_kind(objects, "ScaledObject").items():
        (trigger,) = scaled["spec"]["triggers"]
        assert trigger["metadata"]["consumerGroup"] == name
        assert trigger["authenticationRef"]["name"] in of_kind(objects, "TriggerAuthentication")
