"""The live list: rendered once for all who look at the same tasks, and bounded in what it keeps."""

import asyncio
from typing import Any

from tasker_consumers.web.routes.live import LiveLists
from tasker_consumers.web.site import Site
from tasker_consumers.web.sources import sources
from tasker_consumers.web.sources.live.live_tasks import LiveTasks
from tasker_consumers.web.views.task_list import ListQuery
from tests.support.processes import eventually
from tests.support.telemetry.histories import order
from tests.support.web import site_over, sources_of


def rendered(site: Site, queries: list[ListQuery], monkeypatch: Any) -> list[str]:
    """Ask for lists at the same time, and return the templates that were rendered."""
    names: list[str] = []
    render = Site.render

    def noting(self: Site, template: str, **model: Any) -> str:
        names.append(template)
        return render(self, template, **model)

    monkeypatch.setattr(Site, "render", noting)
    lists = LiveLists()

    async def ask() -> None:
        await asyncio.gather(*(lists.rows(site, query) for query in queries))

    asyncio.run(ask())
    assert len(lists._lists) <= 64
    return names


def test_two_hundred_viewers_of_a_list_cost_a_single_rendering(monkeypatch: Any) -> None:
    with site_over(*sources_of(order())) as site:
        assert rendered(site, [ListQuery()] * 200, monkeypatch) == ["task_rows.html"]


def test_no_more_lists_are_kept_than_the_bound(monkeypatch: Any) -> None:
    with site_over(*sources_of(order())) as site:
        queries = [ListQuery(name=f"name-{number}") for number in range(80)]
        assert len(rendered(site, queries, monkeypatch)) == 80


def test_the_longest_silent_tasks_are_forgotten_beyond_the_capacity() -> None:
    source, _ = sources_of(order())
    (task,) = source.backlog()
    live = LiveTasks(lambda: None, capacity=100)  # type: ignore[arg-type, return-value]
    live._learn([{**task, "task_id": f"t{number}", "last_event_at": number} for number in range(1000)])
    newest = live.newest(200, lambda _: True)
    assert live.is_cut
    assert len(newest) <= 100
    assert newest[0]["task_id"] == "t999"


def test_a_list_says_when_its_statistics_stand_still(monkeypatch: Any) -> None:
    monkeypatch.setattr(sources, "_STANDSTILL_US", 0)
    source, runs = sources_of(order())
    with site_over(source, runs) as site:
        (task,) = source.backlog()

        def shown() -> str:
            return asyncio.run(LiveLists().rows(site, ListQuery())).event.decode()

        site.sources.arrivals.note(task["last_event_at"])
        assert "stands still" not in shown()
        site.sources.arrivals.note(task["last_event_at"] + 1)
        assert "stands still since" in shown()
        source.more([{**task, "last_event_at": task["last_event_at"] + 2, "revision": task["revision"] + 1}])
        assert eventually(lambda: site.sources.trouble is None)
        assert "stands still" not in shown()
