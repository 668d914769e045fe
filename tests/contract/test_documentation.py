"""The documentation tells the truth: examples run, links lead somewhere, commands and variables exist."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.cli.app import parser
from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.replay.reading.select_records import select_records
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.settings import ConsumerSettings
from tasker_schemas.headers import CE_TYPE
from tests.support.deployment import is_a_command

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r"\btasker ((?:run|topics|schemas|dlq|spool|store|errors) [a-z]+(?:-[a-z]+)*"
    r"|import|demo|up|tasks|stats|trace|show|tail|diff|replay|doctor)(?![a-z-])"
)
SOURCE_FILE = re.compile(r"`([\w./-]+\.(?:py|pyx|pxd))`")
SOURCES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("schemas", "producer", "consumers", "tests", "benchmarks", "examples")
    for path in (*ROOT.glob("*.py"), *(ROOT / folder).rglob("*.p[yx]*"))
]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text_of(page: Path) -> str:
    """A page's text."""
    return page.read_text(encoding="utf-8")


def test_the_examples_of_the_readme_run_and_reach_kafka(
    kafka: KafkaSource, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(source, topic_prefix, partitions=1, replication_factor=1)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("TASKER_TOPIC_PREFIX", topic_prefix)
    first, second = EXAMPLE.findall(text_of(ROOT / "README.md"))
    names: dict[str, object] = {}
    exec(first.replace('task_id="42")', 'task_id="42", complete=False)'), names)
    names["carrier"] = names["task"].carrier()  # type: ignore[attr-defined]
    exec("with EventPublisher() as publisher:\n" + re.sub("^", "    ", second, flags=re.MULTILINE), names)
    names_on_topics = [
        record.header(CE_TYPE) for record in select_records(source, Selection(task_id="42"), topic_prefix)
    ]
    step = ["step.handle", "step.completed"]
    assert Counter(name.decode() for name in names_on_topics if name) == Counter(
        ["task.initialize_requested", "task.start_requested", *step, *step, "task.completed"]
    )


@every_page
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text_of(page))
    assert [link for link in links if not (page.parent / link).exists()] == []


@every_page
def test_every_command_on_a_page_exists(page: Path) -> None:
    assert [words for words in commands_in(text_of(page)) if not is_a_command(list(words))] == []


@every_page
def test_every_option_of_a_command_on_a_page_exists(page: Path) -> None:
    lines = re.findall(COMMAND.pattern + r"([^`\n|#]*)", text_of(page))
    mentioned = {(words, option) for words, rest in lines for option in re.findall(r"--[a-z-]+", rest)}
    assert {(words, option) for words, option in mentioned if option not in options_of(words)} == set()


def options_of(words: str) -> set[str]:
    """The options of a command of ours."""
    command: Any = parser()
    for name in words.split():
        command = command.commands[name]
    return {option for parameter in command.params for option in parameter.opts}


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    text = "`tasker import github-actions`, tasker schemas diff StepEvent, tasker stats --name x, tasker run no-such"
    assert {words: is_a_command(list(words)) for words in commands_in(text)} == {
        ("import",): True,
        ("schemas", "diff"): True,
        ("stats",): True,
        ("run", "no-such"): False,
    }


def commands_in(text: str) -> set[tuple[str, ...]]:
    """The words of every command of ours that a text mentions, without options and arguments."""
    return {tuple(words.split()) for words in COMMAND.findall(text)}


@every_page
def test_every_make_target_on_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`|^    make ([a-z]+)", text_of(page), re.MULTILINE)) <= {
        pair for target in targets for pair in ((target, ""), ("", target))
    }


@every_page
def test_every_setting_on_a_page_exists(page: Path) -> None:
    mentioned = re.findall(r"\b((?:TASKER|SCHEMA_REGISTRY)_[A-Z_]*[A-Z])\b", text_of(page))
    assert set(mentioned) - settings_in_the_code() - {"TASKER_BUILD_NATIVE"} == set()


def test_every_setting_that_the_code_reads_is_documented() -> None:
    documented = text_of(ROOT / "docs" / "configuration.md")
    assert {name for name in settings_in_the_code() if name not in documented} == set()


def test_a_setting_that_nobody_reads_would_be_noticed() -> None:
    assert {"TASKER_TOPIC_PREFIX", "TASKER_TELEMETRY_GRACE_S", "TASKER_SPOOL_DIR"} <= settings_in_the_code()
    assert "TASKER_TOPIC_PREFX" not in settings_in_the_code()


@cache
def settings_in_the_code() -> frozenset[str]:
    """Every variable of ours that some module names; doctests show misspelt ones, which are not settings."""
    folders = [ROOT / name for name in ("schemas", "producer", "consumers")]
    sources = [text_of(file) for folder in folders for file in folder.rglob("*.py")]
    code = "\n".join(line for source in sources for line in source.splitlines() if ">>>" not in line)
    found = set(re.findall(r'"((?:TASKER|SCHEMA_REGISTRY)_[A-Z_]*[A-Z])"', code))
    found |= {
        f"TASKER_TELEMETRY_{name}" for name in re.findall(r'_(?:number|switch)\(environ, "((?!TASKER_)[A-Z_]+)"', code)
    }
    return frozenset(
        found | {f"TASKER_{name.upper()}" for name in ConsumerSettings.model_fields.keys() - {"kafka", "registry"}}
    )


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_context_decision_and_consequences_on_one_page(page: Path) -> None:
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    assert headings[0].startswith(f"{int(page.name[:4])}. ")
    assert headings[1:] == ["Context", "Decision", "Consequences"]
    assert len(text_of(page).splitlines()) <= 60


@every_page
def test_every_page_is_reached_from_the_readme(page: Path) -> None:
    assert page in pages_reached_from_the_readme()


@cache
def pages_reached_from_the_readme() -> frozenset[Path]:
    """The files and folders that links lead to, from page to page."""
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        here = waiting.pop()
        if here in reached or not here.exists():
            continue
        reached.add(here)
        if here.is_dir():
            waiting += here.glob("*.md")
        elif here.suffix == ".md":
            waiting += [
                (here.parent / link).resolve() for link in re.findall(r"\]\((?!https?:)([^)#]+)", text_of(here))
            ]
    return frozenset(reached)


@every_page
def test_the_source_files_that_a_page_names_are_there(page: Path) -> None:
    named = set(SOURCE_FILE.findall(text_of(page))) - {"utils.py"}  # how no file is to be named
    assert [name for name in sorted(named) if not any(f"/{path}".endswith(f"/{name}") for path in SOURCES)] == []


def test_each_way_of_an_event_through_the_code_passes_a_file_twice_at_most() -> None:
    chapter = text_of(ROOT / "docs" / "architecture.md").partition("## Follow an event")[2].partition("\n## ")[0]
    for way in chapter.split("\n**From ")[1:]:
        assert max(Counter(SOURCE_FILE.findall(way)).values()) <= 2
