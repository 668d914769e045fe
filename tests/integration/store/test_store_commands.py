"""`tasker errors` and `tasker store`, asked of a store in each database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tasker_consumers.cli.app import app
from tasker_consumers.store.database import open_database
from tasker_consumers.store.writing.open_writer import open_writer
from tasker_schemas.errors import ConfigurationError
from tests.support.store.rows import IDS, run_of, tasks_failed


def ask(url: str, *arguments: str, **variables: str) -> Result:
    """Run a command with a store's URL in its environment."""
    return CliRunner().invoke(app, list(arguments), env={"TASKER_STORE_URL": url, **variables})


@pytest.fixture
def filled_url(store_url: str) -> str:
    """A store with eight failures in two groups, in seven tasks."""
    engine = open_database(store_url)
    writer = open_writer(engine)
    for batch in (tasks_failed(5, "shop.Declined"), tasks_failed(3, "shop.Timeout", step="ship", start=3)):
        writer.write(batch, IDS)
    writer.write(run_of("order-1"), IDS)
    writer.close()
    engine.dispose()
    return store_url


def groups_of(url: str, *options: str, **variables: str) -> list[dict[str, object]]:
    """Return the JSON of `tasker errors`."""
    answered = ask(url, "errors", "--since", "3d", "--json", *options, **variables)
    assert answered.exit_code == 0, answered.output
    return [json.loads(line) for line in answered.stdout.splitlines()]


def test_errors_are_listed_by_group_with_their_tasks(filled_url: str) -> None:
    groups = groups_of(filled_url)
    assert [(group["title"], group["count"], group["tasks"]) for group in groups] == [
        ("shop.Declined in payment:charge", 6, 6),
        ("shop.Timeout in payment:charge", 3, 3),
    ]
    assert [group["count"] for group in groups_of(filled_url, "--name", "ship")] == [3]
    table = ask(filled_url, "errors", "--since", "3d")
    assert table.exit_code == 0
    assert "shop.Timeout in payment:charge" in table.stdout


def test_a_group_shows_its_newest_failures(filled_url: str) -> None:
    group = str(groups_of(filled_url)[1]["group"])
    shown = ask(filled_url, "errors", "--since", "3d", "--group", group[:8])
    assert shown.exit_code == 0, shown.output
    assert "grouped by 1 frame" in shown.stdout
    assert "card ␀ declined" in shown.stdout
    refused = ask(filled_url, "errors", "--group", "1-absent")
    assert isinstance(refused.exception, Exception)


def test_explain_tells_the_rule_the_parts_and_an_example(filled_url: str) -> None:
    group = str(groups_of(filled_url)[0]["group"])
    answer = json.loads(ask(filled_url, "errors", "explain", group, "--json").stdout)
    assert answer["rule"] == "version 1, grouped by 1 frame"
    assert answer["compared"] == ["frames:", "shop.Declined", "payment:charge"]
    event_id = answer["example"].partition(":")[0]
    assert json.loads(ask(filled_url, "errors", "explain", event_id, "--json").stdout)["group"] == group
    assert ask(filled_url, "errors", "explain", "absent").exit_code == 1


def test_rules_merge_groups_until_their_file_is_gone(filled_url: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("merge: [{into: payment, classes: ['shop.*']}]")
    (merged,) = groups_of(filled_url, TASKER_ERROR_RULES=str(rules))
    assert (merged["group"], merged["count"], merged["tasks"]) == ("payment", 9, 7)
    explained = ask(filled_url, "errors", "explain", "payment", TASKER_ERROR_RULES=str(rules))
    assert "class shop.*" in explained.stdout
    assert len(groups_of(filled_url)) == 2


def test_no_failure_is_exit_code_one(store_url: str) -> None:
    answered = ask(store_url, "errors", "--since", "1h")
    assert (answered.exit_code, answered.stdout) == (1, "")


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    answered = ask(f"sqlite:///{tmp_path / 'absent.db'}", "errors")
    assert "there is no store at" in str(answered.exception)
    assert not (tmp_path / "absent.db").exists()


@pytest.mark.parametrize("command", [("errors",), ("store", "migrate"), ("store", "check")])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, and no database at all" * 100)
    refused = ask(f"sqlite:///{path}", *command)
    assert isinstance(refused.exception, ConfigurationError)
    assert "is no database of SQLite" in str(refused.exception)


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    assert ask(f"sqlite:///{path}", "store", "migrate").exit_code == 0
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(range(256)) * (len(content) // 256 - 16))
    assert isinstance(ask(f"sqlite:///{path}", "errors").exception, ConfigurationError)


def test_migrate_check_and_prune_take_care_of_it(empty_url: str) -> None:
    assert ask(empty_url, "store", "migrate").exit_code == 0
    assert "up to date" in ask(empty_url, "store", "migrate").stderr
    checked = ask(empty_url, "store", "check")
    assert (checked.exit_code, "in order" in checked.stderr) == (0, True)
    assert ask(empty_url, "store", "prune").exit_code == 0


def test_a_count_that_is_wrong_is_found(filled_url: str) -> None:
    engine = open_database(filled_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE error_counts SET count = count + 1")
    engine.dispose()
    checked = ask(filled_url, "store", "check")
    assert checked.exit_code == 1
    assert "its counts of the last 7 days" in checked.stderr
