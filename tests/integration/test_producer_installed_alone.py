"""The wheel, installed without extras: what it brings, loads and does, and whether the pages' examples run there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tests.support.kafka.produced import create_event_topics

ROOT = Path(__file__).parents[2]
LIMIT_S = 300
THREE = ["confluent-kafka", "fastavro", "opentelemetry-api"]
UNREACHABLE = ("Failed to fetch", "error sending request", "Failed to download")
#: How many examples in Python each page has, and what frameworks answer in them: also of views that fail.
EXAMPLES = {"README.md": 2, "docs/embedding.md": 14}
ANSWERS: dict[str, dict[str, list[Any]]] = {
    "README.md": {},
    "docs/embedding.md": {"fastapi": [200, 500], "celery": ["shipped 48"], "django": [200, 500]},
}
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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the sources that a release has."""
    place = tmp_path_factory.mktemp("wheel")
    uv("build", "--out-dir", place, ROOT)
    (built,) = place.glob("*.whl")
    return built


def environment(place: Path, *packages: str | Path) -> Path:
    """Make an environment with packages in a directory; return its Python."""
    uv("venv", "--no-project", "--python", sys.executable, place / "env")
    python = place / "env" / "bin" / "python"
    uv("pip", "install", "--no-compile", "--python", python, *packages)
    return python


@pytest.fixture(scope="module")
def told(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a service says of itself that has nothing but the wheel."""
    place = tmp_path_factory.mktemp("alone")
    python = environment(place, wheel)
    command = [str(python), "-I", "-c", ASKED, str(place / "spool")]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT_S, cwd=place)
    found: dict[str, Any] = json.loads(answer.stdout)
    assert found["from"].startswith(str(place))
    return found


@pytest.fixture(scope="module")
def shop(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a service that has the wheel and the frameworks that the pages name."""
    return environment(tmp_path_factory.mktemp("shop"), wheel, "fastapi", "httpx", "celery", "django")


def run_page(python: Path, page: str, spool: Path, servers: str, prefix: str, *seconds: str) -> dict[str, Any]:
    """Run all examples of a page in a process of its own; return by example what came of it."""
    variables = {"KAFKA_BOOTSTRAP_SERVERS": servers, "TASKER_TOPIC_PREFIX": prefix, "TASKER_SPOOL_DIR": str(spool)}
    script = ROOT / "tests" / "support" / "producer" / "run_examples.py"
    command = [str(python), "-I", str(script), str(ROOT / page), *seconds]
    answer = subprocess.run(command, env=variables, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    assert found["from"].startswith(str(python.parents[1]))
    return dict(found["blocks"])


def test_the_base_install_asks_for_exactly_three_libraries(told: dict[str, Any]) -> None:
    assert sorted(told["needed"]) == THREE
    assert {"tasker-events", *THREE} <= set(told["installed"])


def test_the_wheel_from_source_compiles_nothing_and_says_so(wheel: Path, told: dict[str, Any]) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    assert told["native"] == "no"


def test_nothing_of_the_consumers_is_installed_or_loaded_with_it(told: dict[str, Any]) -> None:
    heavy = {"faust", "aiokafka", "opentelemetry.sdk", "pydantic", "aiohttp", "typer", "tasker_consumers"}
    assert not heavy & set(told["loaded"])
    assert not {"faust-streaming", "opentelemetry-sdk", "pydantic", "aiohttp"} & set(told["installed"])


def test_publishing_works_there_while_no_broker_is_to_be_reached(told: dict[str, Any]) -> None:
    assert told["left"] == told["stats"]["published"] == told["stats"]["spooled"] == 6


@pytest.mark.parametrize("page", EXAMPLES)
def test_every_example_of_a_page_runs_from_the_wheel_and_reaches_kafka(
    shop: Path, page: str, kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path
) -> None:
    create_event_topics(admin, topic_prefix)
    found = run_page(shop, page, tmp_path, kafka.bootstrap_servers, topic_prefix, "60")
    assert len(found) == EXAMPLES[page]
    assert {name: example["answers"] for name, example in found.items() if example["answers"]} == ANSWERS[page]
    assert {name for name, example in found.items() if example["published"] != example["delivered"]} == set()


@pytest.mark.parametrize("page", EXAMPLES)
def test_every_example_of_a_page_runs_without_a_broker(shop: Path, page: str, tmp_path: Path) -> None:
    found = run_page(shop, page, tmp_path, "127.0.0.1:1", "tasker")
    assert {name: example["answers"] for name, example in found.items() if example["answers"]} == ANSWERS[page]
    assert {name for name, example in found.items() if example["dropped"] or not example["published"]} == set()


def test_no_other_page_has_an_example_in_python() -> None:
    pages = {page.relative_to(ROOT): page.read_text() for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))}
    counts = {str(page): text.count("\n```python") for page, text in pages.items()}
    assert {page: count for page, count in counts.items() if count} == EXAMPLES
