"""The fingerprint of a failure, version 1: which group it belongs to, and the reason.

The first that a failure has decides: the group that its caller gave; its chain of classes with the service's own
frames; its classes with its message, where no frame is the service's own. Line numbers, paths and parameters are no
part of it. Stored fingerprints keep their version, so that a later rule regroups nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tasker_consumers.errors.frames import Frame, own_frames
from tasker_consumers.errors.parameters import without_parameters

VERSION = 1
#: Innermost frames of each exception that count.
MAX_FRAMES = 10
_NO_CLASS = "error"
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A group of failures: its id, the reason for people, a title, and the parts that were hashed."""

    id: str
    reason: str
    title: str
    error_class: str | None
    parts: tuple[str, ...]
    version: int = VERSION


def fingerprint_of(event: Mapping[str, Any]) -> Fingerprint:
    """Return the fingerprint of an event with the fields of an error.

    >>> found = fingerprint_of({"error_class": "shop.Declined", "backtrace": ["/srv/pay.py:45 in charge"]})
    >>> found.title, found.reason
    ('shop.Declined in pay:charge', 'grouped by 1 frame')
    """
    error_class = event.get("error_class") or None
    own_group = event.get("error_group")
    if own_group and own_group != error_class:  # the class of an exception group is no name of the caller's
        return _fingerprint("group", [own_group], "grouped by the caller's error_group", own_group, error_class)
    links = event.get("error_chain") or ()
    classes = _classes(error_class, links)
    frames = _frames(event, links)
    shown = error_class or _NO_CLASS
    if frames:
        parts = [*classes, *(f"{frame.module}:{frame.function}" for frame in frames)]
        count = f"{len(frames)} frame{'s' if len(frames) > 1 else ''}"
        innermost = frames[-1] if not own_frames(event.get("backtrace") or ()) else _own_innermost(event)
        title = f"{shown} in {innermost.module}:{innermost.function}"
        return _fingerprint("frames", parts, f"grouped by {count}", title, error_class)
    message = without_parameters(event.get("error_message") or "")
    title = f"{shown}: {message}" if message else shown
    return _fingerprint("message", [*classes, message], "grouped by class and message", title, error_class)


def _own_innermost(event: Mapping[str, Any]) -> Frame:
    return own_frames(event["backtrace"])[-1]


def _frames(event: Mapping[str, Any], links: Iterable[Mapping[str, Any]]) -> list[Frame]:
    """Return the service's own frames of an error, and of its causes and contexts."""
    frames = own_frames(event.get("backtrace") or ())[-MAX_FRAMES:]
    for link in links:
        if link["relation"] != "member":
            frames += own_frames(link.get("backtrace") or ())[-MAX_FRAMES:]
    return frames


def _classes(error_class: str | None, links: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the chain of classes: causes in their order, the members of a group once each, sorted."""
    chain = [link["error_class"] for link in links if link["relation"] != "member"]
    members = sorted({link["error_class"] for link in links if link["relation"] == "member"})
    return [error_class or _NO_CLASS, *chain, *members]


def _fingerprint(kind: str, parts: Sequence[str], reason: str, title: str, error_class: str | None) -> Fingerprint:
    digest = sha256(_SEPARATOR.join([str(VERSION), kind, *parts]).encode("utf-8", "replace")).hexdigest()
    return Fingerprint(
        id=f"{VERSION}-{digest[:24]}", reason=reason, title=title, error_class=error_class, parts=(kind, *parts)
    )
