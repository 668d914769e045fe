"""Workflows, hooks and versions: they name commands, tools and numbers that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.support.deployment import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_workflows_fit_their_schema() -> None:
    schema = ["--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([sys.executable, "-m", "check_jsonschema", *schema, *WORKFLOWS], check=False)
    assert done.returncode == 0


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_actionlint_has_nothing_to_say() -> None:
    done = subprocess.run(["actionlint", *WORKFLOWS], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_the_tests_run_on_every_supported_python() -> None:
    jobs = yaml.safe_load(WORKFLOWS[0].read_text(encoding="utf-8"))["jobs"]
    supported = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert jobs["test"]["strategy"]["matrix"]["python"] == supported
    assert set(jobs["image"]["strategy"]["matrix"]["python"]) <= set(supported)


def test_workflows_and_hooks_call_targets_and_programs_that_exist() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (*WORKFLOWS, ROOT / ".pre-commit-config.yaml")]
    targets = {word for text in texts for line in re.findall(r"run: make (.*)", text) for word in line.split()}
    assert targets
    assert targets <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    programs = re.findall(r"\.venv/bin/([a-z-]+)", texts[-1])
    assert set(programs) <= {"ruff", "mypy", "lint-imports", "python"}


def test_every_target_has_its_line_in_the_help() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("docker-compose.yml", r"image: tasker-events:(\S+)"),
        ("k8s/base/kustomization.yaml", r"newTag: (\S+)"),
        ("k8s/overlays/production/kustomization.yaml", r"newTag: (\S+)"),
    ],
)
def test_the_version_is_the_same_everywhere(file: str, pattern: str) -> None:
    assert set(re.findall(pattern, (ROOT / file).read_text(encoding="utf-8"))) == {PROJECT["version"]}
