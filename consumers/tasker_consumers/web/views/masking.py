"""Secrets masked again before anything is shown: a producer may have forgotten a name."""

from collections.abc import Mapping
from typing import Any

from tasker_consumers.replay.calling.masked import masked_value
from tasker_producer.masking.masker import Decision, Masker


def shown_text(text: object, masker: Masker, limit: int = 20_000) -> str:
    """Return a text without secrets, of a very long text the beginning; None is an empty text.

    >>> shown_text("login with password=hunter2", Masker())
    'login with password=[FILTERED]'
    """
    if text is None:
        return ""
    shown = masker.scrub(str(text)[:limit])
    return f"{shown} … ({len(str(text)) - limit:,} more characters)" if len(str(text)) > limit else shown


def shown_fields(fields: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    """Return fields by name, with the values of secret names masked at every depth."""
    masked: dict[str, Any] = masked_value(dict(fields), masker)
    return masked


def shown_header(name: str, value: bytes | None, masker: Masker) -> str:
    """Return the value of a header as text.

    >>> shown_header("Authorization", b"Bearer abc", Masker()), shown_header("ce_type", None, Masker())
    ('[FILTERED]', '-')
    """
    if value is None:
        return "-"
    return shown_field(name, value.decode("utf-8", "backslashreplace"), masker)


def shown_field(name: str, text: object, masker: Masker) -> str:
    """Return the text of a field without secrets; all of it is hidden where the name is secret."""
    return masker.mask if masker.decide(name) is Decision.HIDE else shown_text(text, masker)
