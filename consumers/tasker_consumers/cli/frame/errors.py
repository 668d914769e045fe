"""Mistakes on the command line as a line in our words."""

import re
from collections.abc import Sequence
from typing import Any

import typer

#: The classes of the parser; typer names only the most special of them.
WrongUsage: Any = typer.BadParameter.__base__
_WORDS: Sequence[tuple[str, str]] = (
    (r".*valid integer.*", "expected a whole number"),
    (r".*valid number.*", "expected a number"),
    (r"Input should be greater than or equal to (\S+)", r"expected a number from \1"),
    (r"Input should be less than or equal to (\S+)", r"expected a number up to \1"),
    (r"Input should be (.*)", r"expected \1"),
    (r"Value error, ('.*') is not one of (.*)", r"\1 is none of \2"),
)


def usage_line(error: Any) -> str:
    """Return a mistake as a sentence, with the command whose help tells more.

    >>> usage_line(typer.BadParameter("Input should be a valid integer", param_hint="'--limit'"))
    '--limit: expected a whole number'
    """
    text = " ".join(str(error.format_message()).split())
    text = re.sub(r"^Invalid value for (.*?): ", lambda match: f"{match[1].replace(chr(39), '')}: ", text)
    subject, colon, words = text.partition(": ")
    if colon:
        text = f"{subject}: {_our_words(words)}"
    text = re.sub(r"^Missing (argument|option) '(.*?)'\.?", r"\2 is missing", text)
    text = re.sub(r"^No such (command|option):? '?([^'\s.]+)'?\.?", r"there is no \1 \2", text)
    text = re.sub(r"\s*\(?(?:Possible options:|Did you mean) (.*?)[)?]*$", _suggestion, text).rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None or text.endswith("?"):
        return text
    if re.match(r"there is no option -\w", text) and any(
        each.param_type_name == "argument" for each in context.command.params
    ):
        text += "; what begins with a dash and is no option goes behind --"
    return f"{text}; see {context.command_path} --help"


def _suggestion(match: re.Match[str]) -> str:
    names = match[1].replace("'", "").split(", ")
    return f"; did you mean {' or '.join(names)}?"


def _our_words(text: str) -> str:
    for pattern, replacement in _WORDS:
        if re.fullmatch(pattern, text):
            return re.sub(pattern, replacement, text)
    return text
