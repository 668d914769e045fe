"""The state of the consumer groups, and their dead letters."""

from starlette.requests import Request
from starlette.responses import Response

from tasker_consumers.times import time_text
from tasker_consumers.web.site import site_of
from tasker_consumers.web.sources.groups import dead_letters, group_states
from tasker_consumers.web.views.masking import shown_text


def groups(request: Request) -> Response:
    """Show members, lag and dead letters of each group."""
    site = site_of(request)
    letters = [
        {
            "group": name,
            "topic": group.topic,
            "reason": shown_text(group.reason, site.masker),
            "count": group.count,
            "message": shown_text(group.newest.detail if group.newest else "", site.masker, 500),
            "position": group.newest.letter.origin if group.newest else "",
            "newest": time_text((group.newest.letter.timestamp or 0) * 1000) if group.newest else "-",
        }
        for name, group in dead_letters(site.sources)
    ]
    stored = site.sources.stored
    store = "in use" if site.sources.store_reader else (stored.reason if stored else None) or "not installed"
    return site.page(request, "groups.html", groups=group_states(site.sources), letters=letters, store=store)
