"""The wheel, installed without extras into an environment of its own: what it brings, loads and does there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIMIT_S = 120
THREE = ["confluent-kafka", "fastavro", "opentelemetry-api"]
UNREACHABLE = ("Failed to fetch", "error sending request", "Failed to download")
ASKED = """
import json, re, sys
from pathlib import Path
from importlib.metadata import distributions, requires
told = {}
needed = [line for line in requires("tasker-events") if "extra ==" not in line]
told["needed"] = [re.match(r"[\\w.-]+", line)[0] for line in needed]
told["installed"] = sorted({d.metadata["Name"].lower().replace("_", "-") for d in distributions()})
import tasker_producer
told["loaded"] = sorted(sys.modules)
told["from"] = tasker_producer.__file__
publisher = tasker_producer.EventPublisher(tasker_producer.ProducerSettings(
    kafka={"bootstrap.servers": "127.0.0.1:1"}, spool_dir=Path(sys.argv[1])))
with publisher.task("order", task_id=1) as task, task.step("pay"):
    publisher.publish_event("order.paid", {"password": "x"})
from tasker_schemas.extensions import native_state
told["native"] = native_state()
told["left"] = publisher.close(0.2)
told["stats"] = publisher.stats()
print(json.dumps(told))
"""


def uv(*arguments: str | Path) -> None:
    """Run the installer; skip where there is none, and where no package registry answers it."""
    program = shutil.which("uv") or shutil.which("uv", path=ROOT / ".uv" / "bin")
    if program is None:
        pytest.skip("uv, which makes the environment, is not here")
    command = [program, "--quiet", *map(str, arguments)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    if ended.returncode and any(words in ended.stderr for words in UNREACHABLE):
        pytest.skip(f"no package registry answers: {ended.stderr[-300:]}")
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a service says of itself that has nothing but the wheel."""
    place = tmp_path_factory.mktemp("alone")
    uv("build", "--out-dir", place, ROOT)  # the wheel is made of the sources that a release has
    uv("venv", "--no-project", "--python", sys.executable, place / "env")
    python = place / "env" / "bin" / "python"
    uv("pip", "install", "--no-compile", "--python", python, *place.glob("*.whl"))
    command = [str(python), "-I", "-c", ASKED, str(place / "spool")]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT_S, cwd=place)
    found: dict[str, Any] = json.loads(answer.stdout)
    assert found["from"].startswith(str(place))
    return {**found, "wheels": [wheel.name for wheel in place.glob("*.whl")]}


def test_the_base_install_asks_for_exactly_three_libraries(told: dict[str, Any]) -> None:
    assert sorted(told["needed"]) == THREE
    assert {"tasker-events", *THREE} <= set(told["installed"])


def test_the_wheel_from_source_compiles_nothing_and_says_so(told: dict[str, Any]) -> None:
    assert [name.partition("-py3")[2] for name in told["wheels"]] == ["-none-any.whl"]
    assert told["native"] == "no"


def test_nothing_of_the_consumers_is_installed_or_loaded_with_it(told: dict[str, Any]) -> None:
    heavy = {"faust", "aiokafka", "opentelemetry.sdk", "pydantic", "aiohttp", "typer", "tasker_consumers"}
    assert not heavy & set(told["loaded"])
    assert not {"faust-streaming", "opentelemetry-sdk", "pydantic", "aiohttp"} & set(told["installed"])


def test_publishing_works_there_while_no_broker_is_to_be_reached(told: dict[str, Any]) -> None:
    assert told["left"] == told["stats"]["published"] == told["stats"]["spooled"] == 6
