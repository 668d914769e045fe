"""Options that name a moment."""

# ruff: noqa: PLC0415  `tasker --help` loads no time zones

from tasker_schemas.errors import UsageError


def read_option_moment(option: str, text: str) -> int:
    """Return the moment that an option names, in milliseconds since the epoch.

    Raises UsageError with the option's name for text that is no moment.
    """
    from datetime import UTC, datetime

    from tasker_consumers.times import read_moment

    try:
        return read_moment(text, datetime.now(UTC))
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None
