"""Masks secrets that have no name before them, or whose name is no key: tokens, logins in addresses, arguments.

Each expression takes time in proportion to the text, whatever the text: no repetition can run over the same characters
again from another start.
"""

import re
from collections.abc import Callable

from tasker_producer.masking.text import value_at, whole_end

_BEARER = re.compile(r"\b(?P<scheme>Bearer\s+)[^\s,;\"'&)\]}\\]++")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]++\.[\w-]++\.[\w-]*+")
_PEM = re.compile(
    r"(?P<begin>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(?P<end>-----END [A-Z ]{0,40}KEY-----|\Z)", re.DOTALL
)
_ADDRESS = re.compile(r"://[^\s\"'<>]++")
_PORT = re.compile(r":\d{1,5}(?:[/?#]|$)")
_GO_ADDRESS = re.compile(r"(?P<user>[^\s:@/]++):[^\s:@/]++(?=@(?:tcp|unix)\()")
_ARGUMENT = re.compile(
    r"""(?<![\w\-])--?(?P<key>[A-Za-z][\w\-]*+)(?P<gap>["']?,?\s+)(?P<value>[bru]?"[^"]*+"|[bru]?'[^']*+'|[^\s"',\])]++)"""
)
# A pair or an entry in Python's repr or in JSON, up to the value: `('password', `, `{"name": "password", "value": `.
_NEIGHBOUR = re.compile(
    r"""[\[(]\s*+[bru]?(?P<q1>\\*+["'])(?P<pair>[\w.\-]{1,100}+)(?P=q1)\s*+,\s*+
        | (?<!\\)(?P<q2>\\*+["'])(?:name|key|header|field)(?P=q2)\s*+:\s*+
          [bru]?(?P<q3>\\*+["'])(?P<entry>[\w.\-]{1,100}+)(?P=q3)\s*+,\s*+(?P<q4>\\*+["'])values?(?P=q4)\s*+:\s*+""",
    re.VERBOSE | re.IGNORECASE,
)
_CLOSING = re.compile(r"\s*+(?:[\])]|$)")
_SCHEME = "://"
_MIN_ADDRESS = len(_SCHEME)


def may_hide(text: str) -> bool:
    """Return whether a text may hold a secret at all; plain words and numbers, of which most values are, may not.

    >>> may_hide("north"), may_hide("token=k-1"), may_hide("for Bearer k-1")
    (False, True, True)
    """
    return " " in text or "=" in text or ":" in text or "eyJ" in text


def mask_unnamed(text: str, mask: str) -> str:
    """Return the text without bearer tokens, JSON web tokens, private keys, and passwords in addresses.

    >>> mask_unnamed("401 for Bearer k-1 at postgres://ada:p@ss@db/x", "***")
    '401 for Bearer *** at postgres://ada:***@db/x'
    """
    if "Bearer" in text:
        text = _BEARER.sub(lambda match: match["scheme"] + mask, text)
    if "eyJ" in text:
        text = _JWT.sub(lambda _: mask, text)
    if "-----BEGIN" in text:
        text = _PEM.sub(lambda match: match["begin"] + mask + match["end"], text)
    if "@" not in text or ":" not in text:
        return text
    if _SCHEME in text:
        text = _ADDRESS.sub(lambda match: _without_login(match[0], mask), text)
    if "@tcp(" in text or "@unix(" in text:
        text = _GO_ADDRESS.sub(lambda match: f"{match['user']}:{mask}", text)
    return text


def mask_arguments(text: str, mask: str, is_secret: Callable[[str], bool]) -> str:
    """Return the text without the values of secret command line arguments.

    >>> mask_arguments("mysql --password hunter2 --host db", "***", lambda key: key == "password")
    'mysql --password *** --host db'
    """
    if " -" not in text and "'-" not in text and '"-' not in text and not text.startswith("-"):
        return text

    def masked(match: re.Match[str]) -> str:
        if not is_secret(match["key"]) or match["value"].startswith("-"):
            return match[0]
        value = match["value"]
        quote = value[-1] if value[-1] in "\"'" else ""
        return match[0][: match.start("value") - match.start()] + quote + mask + quote

    return _ARGUMENT.sub(masked, text)


def mask_neighbours(text: str, mask: str, is_secret: Callable[[str], bool]) -> str:
    """Return the text without the secrets that the name beside them tells: in pairs, and in entries with a name.

    >>> mask_neighbours("for ('password', 'hunter2')", "***", lambda key: key == "password")
    "for ('password', '***')"
    """
    if ("'" not in text and '"' not in text) or ("[" not in text and "(" not in text and "{" not in text):
        return text
    parts: list[str] = []
    done = 0
    for match in _NEIGHBOUR.finditer(text):
        start = match.end()
        # Judged before the value is looked for: a value may be long, and each name could have the same value.
        value = value_at(text, start) if start >= done and is_secret(match["pair"] or match["entry"]) else None
        if value is None:
            continue
        end = whole_end(text, start, value)
        if match["pair"] and not _CLOSING.match(text, end):  # a list of more than two
            continue
        parts += text[done:start], value.quote, mask, value.quote
        done = end
    return "".join([*parts, text[done:]])


def _without_login(address: str, mask: str) -> str:
    """Return an address without its password, which reaches to the last `@`."""
    end = address.rfind("@")
    begin = address.find(":", _MIN_ADDRESS, end)
    if end < 0 or begin < 0 or "/" in address[_MIN_ADDRESS:begin] or _PORT.match(address, begin):
        return address
    return f"{address[: begin + 1]}{mask}{address[end:]}"
