"""docker-compose.yml: the whole way, with commands and settings that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.settings import ConsumerSettings, unknown_variables
from tests.support.deployment import PORT, ROOT, STATE_DIR, compose, environment_in_compose, is_a_command

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("tasker-events:")}
COMMANDS = {name: service for name, service in OURS.items() if "command" in service}
WORKERS = {name: service for name, service in COMMANDS.items() if service["command"][0] == "run"}
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
each_of_ours = pytest.mark.parametrize("service", OURS.values(), ids=list(OURS))
each_worker = pytest.mark.parametrize("service", WORKERS.values(), ids=list(WORKERS))


CORE = {"kafka", "jaeger", "topics", "stats", "telemetry"}
FULL = {"store", "web", "postgres", "registry", "otel-collector", "prometheus", "grafana", "kafka-ui"}
#: Images without a shell or another program that could ask; what needs them waits for them by itself.
SILENT = {"jaeger", "otel-collector"}


@pytest.mark.parametrize(("profile", "services"), [("core", CORE), ("full", CORE | FULL), ("demo", CORE | {"shop"})])
def test_a_profile_starts_its_services(profile: str, services: set[str]) -> None:
    assert {name for name, s in SERVICES.items() if profile in s.get("profiles", [profile])} == services


def fits_the_schema(file: Path) -> bool:
    """Whether Compose's own schema takes a file."""
    schema = ["--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([sys.executable, "-m", "check_jsonschema", *schema, file], check=False).returncode == 0


def test_the_file_fits_the_schema_of_compose(tmp_path: Path) -> None:
    file = ROOT / "docker-compose.yml"
    (tmp_path / "compose.yml").write_text(file.read_text(encoding="utf-8").replace("healthcheck:", "healthchek:"))
    assert fits_the_schema(file)
    assert not fits_the_schema(tmp_path / "compose.yml")


@pytest.mark.parametrize("service", COMMANDS.values(), ids=list(COMMANDS))
def test_every_command_in_compose_exists_on_the_command_line(service: dict[str, Any]) -> None:
    assert is_a_command(service["command"])


def test_the_demo_publishes_what_the_wheel_brings() -> None:
    (module,) = re.findall(r"python -m ([\w.]+)", SERVICES["shop"]["entrypoint"][-1])
    bundled = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert module.replace(".", "/") in bundled["wheel"]["force-include"].values()


@each_of_ours
def test_every_setting_can_be_set_in_a_file_of_its_own(service: dict[str, Any]) -> None:
    assert service["env_file"] == [{"path": "compose.env"}, {"path": "tasker.env", "required": False}]
    for name, value in service.get("environment", {}).items():
        assert name == "TASKER_SPOOL_DIR" or value.startswith(f"${{{name}:-")


@each_service
def test_every_container_has_limits_and_no_new_privileges(service: dict[str, Any]) -> None:
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", SERVICES)
def test_whatever_stays_tells_its_health(name: str) -> None:
    lasting = SERVICES[name].get("restart") == "unless-stopped" and name not in SILENT
    assert ("test" in SERVICES[name].get("healthcheck", {})) is lasting


@each_service
def test_every_volume_exists(service: dict[str, Any]) -> None:
    for volume in service.get("volumes", []):
        source = volume.partition(":")[0]
        assert (ROOT / source).exists() if source.startswith("./") else source in compose()["volumes"]


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    assert not is_a_command(["run", "statistics"])
    assert not is_a_command(["run"])


@each_of_ours
def test_every_setting_in_compose_is_known_and_can_work(service: dict[str, Any]) -> None:
    told = environment_in_compose(service)
    assert unknown_variables(told) == []
    assert ConsumerSettings.from_env(told).kafka == {"bootstrap.servers": "kafka:9092"}


@each_service
def test_every_image_in_compose_has_a_fixed_version(service: dict[str, Any]) -> None:
    name, _, tag = service["image"].partition(":")
    assert name
    assert tag not in {"", "latest"}


@each_worker
def test_a_worker_is_healthy_when_it_is_ready_to_work(service: dict[str, Any]) -> None:
    assert f":{PORT}/readyz" in service["healthcheck"]["test"][-1]
    assert [port.rpartition(":")[2] for port in service["ports"]] == [str(PORT)]


@each_worker
def test_a_worker_starts_after_the_topics_and_has_time_to_drain(service: dict[str, Any]) -> None:
    assert service["depends_on"]["topics"] == {"condition": "service_completed_successfully"}
    assert int(service["stop_grace_period"].removesuffix("s")) >= 30


@each_worker
def test_the_states_of_a_worker_outlive_its_container(service: dict[str, Any]) -> None:
    volume, _, path = service["volumes"][0].partition(":")
    assert path == STATE_DIR
    assert volume in compose()["volumes"]


def test_no_two_workers_share_a_volume_or_a_port() -> None:
    for shared in ("volumes", "ports"):
        used = [entry.rpartition(":")[0] for service in SERVICES.values() for entry in service.get(shared, [])]
        assert len(used) == len(set(used))


def test_no_port_is_open_to_strangers() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_image_has_a_python_that_the_tests_run_on() -> None:
    default = re.search(r"^ARG PYTHON_VERSION=(.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert default
    assert f"Python :: {default[1]}" in (ROOT / "pyproject.toml").read_text()


@each_of_ours
def test_our_containers_have_no_rights_they_do_not_need(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_spans_go_to_the_backend_that_compose_starts() -> None:
    assert environment_in_compose(SERVICES["telemetry"])["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://jaeger:4318"


def test_store_and_web_view_use_the_database_that_compose_starts() -> None:
    for name in ("store", "web"):
        url = environment_in_compose(SERVICES[name])["TASKER_STORE_URL"]
        assert url == "postgresql://tasker:tasker@postgres:5432/tasker"


def docker_compose() -> list[str]:
    """The command of Compose, as a plug-in or by itself; skips the test without it."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    version = ["docker", "compose", "version"]
    if shutil.which("docker") and subprocess.run(version, capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    pytest.skip("docker compose is not installed")


def test_docker_compose_itself_accepts_the_file() -> None:
    command = [*docker_compose(), "--profile", "full", "--profile", "demo", "config", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.stderr == b""
    assert done.returncode == 0
