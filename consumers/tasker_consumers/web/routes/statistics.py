"""Statistics per name, and the percentiles of a name over time."""

import time

from starlette.requests import Request
from starlette.responses import Response

from tasker_consumers.web.site import site_of
from tasker_consumers.web.sources.windows import all_windows, windows_of
from tasker_consumers.web.views.charts import duration_chart, outcome_chart
from tasker_consumers.web.views.statistics import PERCENTILES, name_rows, window_rows
from tasker_schemas.errors import UsageError

#: Lengths of windows in seconds, and how many of them a chart shows.
LENGTHS, _SHOWN = {"minute": 60, "hour": 3600}, 168
KINDS = ("task", "step")
_DAYS_US = 7 * 86_400_000_000


def statistics(request: Request) -> Response:
    """Show all names, or the charts of a name."""
    site = site_of(request)
    name = request.query_params.get("name", "")
    kind, length = request.query_params.get("kind", "task"), request.query_params.get("length", "hour")
    if kind not in KINDS or length not in LENGTHS:
        raise UsageError(f"expected a kind of {', '.join(KINDS)} and a length of {', '.join(LENGTHS)}")
    if not name:
        rows = name_rows(all_windows(site.sources), time.time_ns() // 1000 - _DAYS_US)
        return site.page(request, "stats.html", rows=rows)
    windows = windows_of(site.sources, kind, name, LENGTHS[length])[-_SHOWN:]
    return site.page(
        request, "stats_name.html", section="stats", name=name, kind=kind, length=length, lengths=LENGTHS,
        windows=window_rows(windows), percentiles=PERCENTILES.values(),
        durations=duration_chart(windows, PERCENTILES), outcomes=outcome_chart(windows),
    )  # fmt: skip
