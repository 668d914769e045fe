"""The image: one for all processes, without root, with nothing but what it needs."""

from __future__ import annotations

import re

import pytest

from tasker_consumers.settings import ConsumerSettings, unknown_variables
from tests.support.deployment import PORT, ROOT, STATE_DIR, image_environment

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
BUILD, _, FINAL = DOCKERFILE.rpartition("\nFROM ")


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    users = re.findall(r"^USER (\d+):(\d+)$", FINAL, re.MULTILINE)
    assert users
    assert "0" not in users[-1]


def test_the_image_starts_the_command_line_without_a_shell_between() -> None:
    assert re.search(r'^ENTRYPOINT \["tasker"\]$', FINAL, re.MULTILINE)


def test_the_final_image_holds_no_build_tools() -> None:
    assert "pip install" in BUILD
    assert "pip" not in FINAL
    assert "apt" not in FINAL


def test_the_settings_of_the_image_are_settings_that_exist() -> None:
    assert unknown_variables(image_environment()) == []
    settings = ConsumerSettings.from_env(image_environment())
    assert (str(settings.state_dir), settings.web_host, settings.web_port) == (STATE_DIR, "0.0.0.0", PORT)
    assert f"EXPOSE {PORT}" in FINAL


def test_the_image_is_healthy_when_its_worker_is_ready() -> None:
    assert re.search(r"^HEALTHCHECK .*\n    CMD .*/readyz", FINAL, re.MULTILINE)


def test_base_and_interpreter_are_build_arguments() -> None:
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${BASE_IMAGE}", "${BASE_IMAGE}"]
    assert "ARG BASE_IMAGE=python:${PYTHON_VERSION}-slim\n" in DOCKERFILE


def test_the_image_brings_a_list_of_its_content_from_the_lock_file() -> None:
    exports = re.findall(r"uv export --locked (.*) --format cyclonedx1.5", BUILD)
    assert exports
    assert "/opt/tasker/sbom.cdx.json" in BUILD
    for extra in re.findall(r"--extra \S+", " ".join(re.findall(r"^RUN uv sync .*$", BUILD, re.MULTILINE))):
        assert extra in exports[0]


def test_building_again_gives_the_same_bytes() -> None:
    assert "PYC_INVALIDATION_MODE=UNCHECKED_HASH" in BUILD
    assert re.search(r"^ARG UV_VERSION=\d+\.\d+\.\d+$", BUILD, re.MULTILINE)


def test_the_lock_file_decides_what_is_installed() -> None:
    installs = re.findall(r"^RUN uv sync .*$", BUILD, re.MULTILINE)
    assert installs
    assert all("--locked" in line and "--no-default-groups" in line for line in installs)


@pytest.mark.parametrize("source", re.findall(r"^COPY (?!--from)(.*) \S+$", BUILD, re.MULTILINE))
def test_everything_the_image_copies_exists_and_is_not_ignored(source: str) -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    for path in source.split():
        assert (ROOT / path).exists()
        assert any(entry.split("/")[0] == path for entry in allowed)
