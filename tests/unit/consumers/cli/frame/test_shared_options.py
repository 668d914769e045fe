"""The options that all commands share."""

import json

import yaml

from tests.support.command_line import run_main


def test_a_table_is_also_json_and_yaml() -> None:
    as_json = run_main("schemas", "list", "--offline", "-o", "json")
    rows = json.loads(as_json.out)
    assert rows[0].keys() == {"record", "version", "fields", "fingerprint", "id_in_the_registry"}
    assert yaml.safe_load(run_main("schemas", "list", "--offline", "-o", "yaml").out) == rows
    assert run_main("schemas", "list", "--offline", "-o", "wide").out.startswith("record\tversion")


def test_the_form_of_the_last_command_is_not_kept() -> None:
    run_main("schemas", "list", "--offline", "-o", "json")
    assert run_main("schemas", "list", "--offline").out.startswith("record\tversion")


def test_a_command_without_a_table_takes_no_form() -> None:
    assert "there is no option -o" in run_main("run", "stats", "-o", "json").err
