"""Names that a replay is given or makes: its target's topic, and its own id."""

import re
from uuid import uuid4

from tasker_schemas.errors import UsageError

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_REPLAY_ID = re.compile(r"replay-[0-9a-f]{12}")


def check_topic_name(option: str, name: str) -> None:
    """Raise UsageError for a name that no topic can have.

    >>> check_topic_name("--to", "copies of today")
    Traceback (most recent call last):
    ...
    tasker_schemas.errors.UsageError: --to is 'copies of today'; expected a topic's name: letters, digits, dots, ...
    """
    if not _TOPIC.fullmatch(name) or name in (".", ".."):
        raise UsageError(
            f"{option} is {name!r}; expected a topic's name: letters, digits, dots, dashes, underscores, "
            f"249 of them at most"
        )


def new_replay_id() -> str:
    """Return a new id for a replay."""
    return f"replay-{uuid4().hex[:12]}"


def check_replay_id(text: str) -> None:
    """Raise UsageError for text that `new_replay_id` cannot have made."""
    if not _REPLAY_ID.fullmatch(text):
        raise UsageError(
            f"--resume is {text!r}; expected the id that an interrupted replay printed: replay-0123456789ab"
        )
