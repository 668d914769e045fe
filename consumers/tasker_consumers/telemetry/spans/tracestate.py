"""OpenTelemetry's member of a tracestate: the threshold by which a ratio kept a trace."""

import re

_DIGITS = 14  # hex digits of 56 bits
_THRESHOLD = re.compile(r"[0-9a-f]{1,14}")
_MAX_MEMBERS = 32  # W3C Trace Context
_MAX_MEMBER = 256  # characters of a member's value


def with_threshold(tracestate: str, threshold: int) -> str:
    """Return a tracestate that tells a threshold of 56 bits; a threshold that came along is never lowered.

    >>> with_threshold("vendor=1", 1 << 55)
    'ot=th:8,vendor=1'
    """
    members = [member.strip() for member in tracestate.split(",") if member.strip()]
    foreign = [member for member in members if not member.startswith("ot=")]
    fields = [field for member in members if member.startswith("ot=") for field in member[3:].split(";") if field]
    carried = [field[3:] for field in fields if field.startswith("th:") and _THRESHOLD.fullmatch(field[3:])]
    largest = max([threshold, *(int(digits.ljust(_DIGITS, "0"), 16) for digits in carried)])
    remaining = [field for field in fields if not field.startswith("th:")]
    digits = f"{largest:014x}".rstrip("0") or "0"
    member = ";".join([f"th:{digits}", *remaining])
    if len(member) > _MAX_MEMBER:
        member = f"th:{digits}"
    return ",".join([f"ot={member}", *foreign[: _MAX_MEMBERS - 1]])
