"""The result of a check."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka import KafkaException

from tasker_schemas.errors import TaskerEventsError


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    SKIPPED = "skipped"  # there is nothing to check, and that is no fault
    WARNING = "warning"  # it works, and somebody should look at it
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result as a sentence, and a second sentence with the remedy unless all is well."""

    check: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def guarded(check: str, examine: Callable[[], Iterable[Finding]], remedy: str) -> list[Finding]:
    """Return the findings of a check; if it raises, a failed finding: no check may keep the others from running."""
    try:
        return list(examine())
    except KafkaException as error:
        return [Finding(check, Verdict.FAILED, error.args[0].str(), remedy)]
    except (TaskerEventsError, OSError, TimeoutError) as error:
        return [Finding(check, Verdict.FAILED, str(error) or type(error).__name__, remedy)]
