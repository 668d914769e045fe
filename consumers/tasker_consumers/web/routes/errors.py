"""Errors by group, and a group with its newest failures."""

import time
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from tasker_consumers.errors.groups import TrendParts
from tasker_consumers.units import HOUR_US
from tasker_consumers.web.site import site_of
from tasker_consumers.web.sources.failures import (
    PAGE,
    add_trends,
    error_list,
    failures_of_group,
    group_with_id,
    tasks_of_group,
)
from tasker_consumers.web.views.failures import failure_rows, group_row, group_rows, page_after, place_of
from tasker_schemas.errors import UsageError

#: Ranges of time by their names, in hours.
RANGES = {"1h": 1, "24h": 24, "7d": 168, "30d": 720}
#: Groups of a page, and the bars of a trend.
_GROUPS, _BARS = 100, 31


def errors(request: Request) -> Response:
    """Show the groups of errors, the most frequent first."""
    site, chosen = site_of(request), _range(request)
    name = request.query_params.get("name", "").strip()
    answer = error_list(site.sources, RANGES[chosen], name)
    last, parts = request.query_params.get("after", ""), _parts(chosen)
    groups = page_after(answer.groups, last, _GROUPS)
    add_trends(site.sources, groups, parts, RANGES[chosen], name)
    return site.page(
        request,
        "errors.html",
        rows=group_rows(groups, parts, site.masker),
        ranges=RANGES,
        chosen=chosen,
        name=name,
        count=len(answer.groups),
        source=answer.source,
        is_cut=answer.is_cut,
        is_first=not last,
        next_place=place_of(groups[-1]) if groups and groups[-1] is not answer.groups[-1] else "",
    )


def error(request: Request) -> Response:
    """Show a group: its reason, its trend, its newest failures."""
    site, chosen = site_of(request), _range(request)
    group = group_with_id(site.sources, RANGES[chosen], request.query_params.get("id", ""))
    if group is None:
        text = "no failure of this group in that time; a longer range may have some"
        return site.page(request, "message.html", HTTPStatus.NOT_FOUND, title="Not found", text=text)
    parts = _parts(chosen)
    add_trends(site.sources, [group], parts, RANGES[chosen])
    last_id = request.query_params.get("before", "")
    failures = failures_of_group(site.sources, group, RANGES[chosen], last_id)
    return site.page(
        request,
        "error.html",
        section="errors",
        group=group_row(group, parts, site.masker),
        tasks=tasks_of_group(site.sources, group, RANGES[chosen]),
        rows=failure_rows(failures, site.masker),
        next_id=failures[-1]["event_id"] if len(failures) == PAGE else "",
        ranges=RANGES,
        chosen=chosen,
    )


def _range(request: Request) -> str:
    chosen = request.query_params.get("since", "24h")
    if chosen not in RANGES:
        raise UsageError(f"since is {chosen[:40]!r}; expected one of {', '.join(RANGES)}")
    return chosen


def _parts(chosen: str) -> TrendParts:
    present = time.time_ns() // 1000
    return TrendParts.of(present - RANGES[chosen] * HOUR_US, present, _BARS)
