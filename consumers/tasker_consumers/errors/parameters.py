"""Messages without their parameters: ids, addresses, numbers and times become a sign for their kind."""

import re

#: In this order: a kind that contains another comes first. Numbers and ids share a sign: an id may be digits by chance.
_KINDS = (
    ("<email>", r"\b[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+\b"),
    ("<url>", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>)]+"),
    ("<trace>", r"\b[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b"),
    ("<value>", r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b"),
    ("<time>", r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"),
    ("<time>", r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"),
    ("<ip>", r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?\b"),
    ("<ip>", r"(?<![\w:])\[?(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4}\]?(?::\d{1,5})?(?![\w:])"),
    ("<path>", r"(?<![\w.])(?:[A-Za-z]:)?(?:[/\\][\w.@+~-]+){2,}[/\\]?"),
    ("<host>", r"\b(?=[a-z0-9.-]*[a-z])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+:\d{1,5}\b"),
    ("<value>", r"\b0x[0-9a-f]+\b"),
    ("<value>", r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"),
    ("<duration>", r"\b\d+(?:\.\d+)?\s?(?:ns|us|µs|ms|s|secs?|seconds?|mins?|minutes?|hours?|h|days?|d)\b"),
    ("<text>", r"(?<==)\s?'[^']*'|(?<==)\s?\"[^\"]*\""),
    ("<flag>", r"(?<==)\s?(?:true|false)\b"),
    ("<value>", r"(?<![\w.])[+-]?\d[\d_,]*(?:\.\d+)?(?:e[+-]?\d+)?%?(?![\w.]*[a-z]{3})"),
    ("<value>", r"\b(?=[\w-]*\d)[A-Za-z]{1,12}[-_#:]?\d[\w-]*\b"),
)
_ALL = re.compile("|".join(f"(?P<k{place}>{pattern})" for place, (_, pattern) in enumerate(_KINDS)), re.IGNORECASE)
#: A longer message is cut: its end is seldom more than data.
MAX_LENGTH = 500


def without_parameters(message: str) -> str:
    """Return the first line of a message, with a sign in the place of each parameter.

    >>> without_parameters("order 4711 of ann@shop.example: 10.0.0.7:443 timed out after 30s")
    'order <value> of <email>: <ip> timed out after <duration>'
    """
    line = message.strip().partition("\n")[0][: 4 * MAX_LENGTH]
    return " ".join(_ALL.sub(_sign, line).split())[:MAX_LENGTH]


def _sign(match: re.Match[str]) -> str:
    kind = match.lastgroup or "k0"
    return _KINDS[int(kind[1:])][0]
