"""What a person does wrong, and what the broker does: one clear line, and exit code 2."""

import subprocess

import pytest

from tests.support.demo_runs import LIMIT_S, TASKER, run_tasker, tasker_environ

NO_BROKER = "127.0.0.1:1"
COMMANDS = (
    ("run", "stats"), ("run", "telemetry"), ("trace", "42"), ("replay",), ("tail",), ("show", "0:0"), ("demo",),
    ("topics", "create"), ("import", "wfcommons", "-"),
)  # fmt: skip


def test_without_a_broker_every_command_ends_with_one_line_and_exit_code_two() -> None:
    environ = tasker_environ(KAFKA_BOOTSTRAP_SERVERS=NO_BROKER)
    running = [
        subprocess.Popen([*TASKER, *command], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in COMMANDS
    ]  # at once: each waits its seconds for the broker
    ended = [(process.communicate(timeout=LIMIT_S)[1], process.returncode) for process in running]
    for command, (told, code) in zip(COMMANDS, ended, strict=True):
        assert code == 2, (command, told)
        assert NO_BROKER in told, (command, told)
        assert "Connection refused" in told, (command, told)
        assert told.count("\n") == 1, (command, told)


@pytest.mark.parametrize(
    ("command", "variable", "value", "expected"),
    [
        (("run", "stats"), "TASKER_STATE_STORE", "redis", "rocksdb or memory"),
        (("run", "stats"), "KAFKA_SECURITY_PROTOCOL", "SMOKE", "PLAINTEXT"),
        (("topics", "list"), "KAFKA_LINGER_MSEC", "5", '"linger.msec"; expected one of librdkafka\'s settings'),
        (("replay",), "KAFKA_BOOTSTRAP_SERVERS", "kafka:port", "host:port[,host:port]"),
        (("run", "telemetry"), "OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon", "grpc"),
        (("demo",), "TASKER_PARTITIONS", "many", "a whole number"),
        (("topics", "list"), "TASKER_TOPIC_PREFIX", "my shop", "letters, digits"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(
    command: tuple[str, ...], variable: str, value: str, expected: str
) -> None:
    ended = run_tasker(*command, **{"KAFKA_BOOTSTRAP_SERVERS": NO_BROKER, variable: value})
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert expected in ended.stderr
