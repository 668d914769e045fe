"""Frames of a backtrace, in the form of several languages, as module and function without line numbers."""

import re
from collections.abc import Iterable
from typing import NamedTuple


class Frame(NamedTuple):
    """A function on the stack; `module` is the name of its file, wherever the service is installed."""

    module: str
    function: str
    path: str


#: Python's own form and our producer's: the innermost frame comes last.
_PYTHON_FORMS = (
    re.compile(r"(?P<path>.+?):\d+ in (?P<function>.+)"),
    re.compile(r'\s*File "(?P<path>[^"]+)", line \d+, in (?P<function>\S+).*', re.DOTALL),
)
#: Ruby, JavaScript, Java with and without `at`, .NET, PHP, and a path alone, as Go has it: the innermost comes first.
_OTHER_FORMS = (
    re.compile(r"(?:from )?(?P<path>.+?):\d+:in [`'](?P<function>[^`']+)'"),
    re.compile(r"\s*at (?P<function>[\w.<>`+]+)\(.*\) in (?P<path>.+?):line \d+"),
    re.compile(r"\s*at (?:async |new )*(?P<function>[^()]+?) \((?P<path>.+?):\d+(?::\d+)?\)"),
    re.compile(
        r"\s*(?:at )?(?:[\w.@-]*/)*(?P<function>[\w.$<>]+\.[\w$<>]+)\((?P<path>[\w$-]+\.\w+|[A-Z<][\w> ]+)(?::\d+)?\)"
    ),
    re.compile(r"\s*at (?:async )?(?P<path>.+?):\d+:\d+"),
    re.compile(r"#\d+ (?P<path>.+?)\(\d+\): (?P<function>.+?)\(.*\)"),
    re.compile(r"\s*(?P<path>[^\s:()]*?[^\s():]+\.\w+):\d+(?: \+0x[0-9a-f]+)?"),
)

#: Go names a function in a line, with arguments, and its file in the next.
_GO_FUNCTION = re.compile(r"(?:[\w.-]+/)*(?P<function>[\w.-]+\.(?:\(\*?[\w.\[\]]+\)\.)?[\w.\[\]-]+)\(.*\)")

#: Code of libraries, of the language and of this system is not the service's own.
_FOREIGN = re.compile(
    r"(^|[/\\])(site-packages|dist-packages|node_modules|gems|rubies|jre|jdk[^/\\]*)[/\\]"
    r"|(^|/)vendor/.*\.(php|go|rb)$|/go/(pkg/mod|src)/|/\.cargo/registry/|^/rustc/|\.(pyx|pxd|pxi)$"
    r"|(^|[/\\])lib(64)?[/\\](python|ruby)[\d.]*[/\\]"
    r"|^<(frozen |__array|string>|attrs |decorator)|^(node:|internal/|<internal:)"
    r"|(^|[/\\])tasker_(producer|schemas|consumers)[/\\]",
    re.IGNORECASE,
)
_FOREIGN_FUNCTION = re.compile(
    r"^(java|javax|jakarta|jdk|sun|kotlin|kotlinx|scala|System|Microsoft|reactor|io\.temporal|io\.grpc|io\.netty"
    r"|com\.fasterxml|org\.(springframework|apache|hibernate|eclipse|junit))\."
)
#: Functions that decorators and comprehensions put between two of the service's own.
_WRAPPERS = frozenset({
    "wrapper", "_wrapper", "wrapped", "_wrapped", "inner", "_inner", "decorated", "decorator",
    "<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<anonymous>",
})  # fmt: skip
#: Files whose names say nothing: the folder stands for them.
_NAMELESS = frozenset({"__init__", "__main__", "index", "main", "mod"})
_ENDING = re.compile(r"\.(py|pyc|pyx|rb|m?[jt]sx?|java|kt|go|rs|php|cs)$", re.IGNORECASE)
#: What a compiler, a proxy or a block gives, which changes with the code around.
_SERIAL = re.compile(r"\$\$\w+|\$\d+|\.func\d+(?:\.\d+)*|\bblock (\(\d+ levels\) )?in |#\d+|\blambda\$")
#: The hash or the number that a build or a notebook gives a file.
_BUILD = re.compile(r"[.-](?=[0-9a-f]*\d)[0-9a-f]{6,}(?=[.>]|$)|(?<=-)\d+(?=-|>)")


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


def _frames(backtrace: Iterable[str]) -> list[Frame]:
    """Return the frames of the lines that are frames, the innermost last, whatever the language's order is."""
    frames: list[Frame] = []
    innermost_first, function = False, ""
    for line in backtrace:
        frame = _read(line, _PYTHON_FORMS)
        if frame is None:
            frame = _read(line, _OTHER_FORMS)
            innermost_first = innermost_first or frame is not None
        if frame is not None:
            frames.append(frame if frame.function else frame._replace(function=function))
        announced = _GO_FUNCTION.fullmatch(line)
        function = _SERIAL.sub("", announced["function"]) if announced else ""
    return frames[::-1] if innermost_first else frames


def _read(line: str, forms: Iterable[re.Pattern[str]]) -> Frame | None:
    for form in forms:
        match = form.fullmatch(line)
        if match:
            names = match.groupdict()
            function = _SERIAL.sub("", names.get("function") or "")
            return Frame(_module(names["path"]), function, names["path"])
    return None


def _module(path: str) -> str:
    """Return the name of a file without its folders; the name of its folder where the file's says nothing."""
    parts = [part for part in re.split(r"[/\\]", path) if part]
    names = [_BUILD.sub("", _ENDING.sub("", part.partition("?")[0])) for part in parts[-2:]]
    if not names:
        return ""
    return names[0] if names[-1] in _NAMELESS and len(names) > 1 else names[-1]
