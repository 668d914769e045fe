"""Frames of a backtrace, in the form of several languages, as module and function without line numbers."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Frame(NamedTuple):
    """A function on the stack; `module` is the name of its file, wherever the service is installed."""

    module: str
    function: str
    path: str


#: Each pattern names a path and a function: our producer and Python's own form, Ruby, JavaScript, Java, Go.
_FORMS = (
    re.compile(r"(?P<path>.+?):\d+ in (?P<function>.+)"),
    re.compile(r'\s*File "(?P<path>[^"]+)", line \d+, in (?P<function>\S+).*', re.DOTALL),
    re.compile(r"(?:from )?(?P<path>.+?):\d+:in [`'](?P<function>[^`']+)'"),
    re.compile(r"\s*at (?P<function>[^()]+?) \((?P<path>.+?):\d+(?::\d+)?\)"),
    re.compile(r"\s*at (?P<function>[\w.$<>/]+)\((?P<path>[^():]+)(?::\d+)?\)"),
    re.compile(r"\s*at (?P<path>.+?):\d+:\d+"),
    re.compile(r"\s*(?P<path>.+?\.\w+):\d+.*"),
)

#: Code of libraries, of the language and of this system is not the service's own.
_FOREIGN = re.compile(
    r"(^|[/\\])(site-packages|dist-packages|node_modules|gems|rubies|jre|jdk[^/\\]*)[/\\]"
    r"|(^|[/\\])lib(64)?[/\\](python|ruby)[\d.]*[/\\]"
    r"|^<(frozen |__array|string>|attrs |decorator)|^node:|^internal/"
    r"|(^|[/\\])tasker_(producer|schemas|consumers)[/\\]",
    re.IGNORECASE,
)
_FOREIGN_FUNCTION = re.compile(r"^(java|javax|jdk|sun|kotlin|scala|org\.springframework)\.")
#: Functions that decorators and comprehensions put between two of the service's own.
_WRAPPERS = frozenset({
    "wrapper", "_wrapper", "wrapped", "_wrapped", "inner", "_inner", "decorated", "decorator",
    "<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<anonymous>",
})  # fmt: skip
#: Files whose names say nothing: the folder stands for them.
_NAMELESS = frozenset({"__init__", "__main__", "index", "main", "mod"})
_ENDING = re.compile(r"\.(py|pyc|pyx|rb|m?[jt]sx?|java|kt|go|rs|php|cs)$", re.IGNORECASE)
#: A number that a compiler or a block gives, which changes with the code around.
_SERIAL = re.compile(r"\$\d+|\bblock (\(\d+ levels\) )?in |#\d+|\blambda\$")


def own_frames(backtrace: Iterable[str]) -> list[Frame]:
    """Return the frames of the service's own code, the innermost last; the same frame in a row counts once.

    >>> own_frames(["/srv/shop/payment.py:45 in charge", "/usr/lib/python3.11/ssl.py:1 in read"])
    [Frame(module='payment', function='charge', path='/srv/shop/payment.py')]
    """
    frames: list[Frame] = []
    for frame in _frames(backtrace):
        is_own = not _FOREIGN.search(frame.path) and not _FOREIGN_FUNCTION.match(frame.function)
        if is_own and frame.function not in _WRAPPERS and (not frames or frames[-1][:2] != frame[:2]):
            frames.append(frame)
    return frames


def _frames(backtrace: Iterable[str]) -> Iterator[Frame]:
    for line in backtrace:
        for form in _FORMS:
            match = form.fullmatch(line)
            if match:
                found = match.groupdict()
                path, function = found["path"], found.get("function") or ""
                yield Frame(_module(path), _SERIAL.sub("", function), path)
                break


def _module(path: str) -> str:
    """Return the name of a file without its folders; the name of its folder where the file's says nothing."""
    parts = [part for part in re.split(r"[/\\]", path) if part]
    names = [_ENDING.sub("", part) for part in parts[-2:]]
    if not names:
        return ""
    return names[0] if names[-1] in _NAMELESS and len(names) > 1 else names[-1]
