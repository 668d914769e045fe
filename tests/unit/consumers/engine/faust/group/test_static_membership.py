"""A member with a name joins as the member that it was, and gives up its place for ever when another has it."""

from types import SimpleNamespace
from typing import Any

from aiokafka.errors import UnknownMemberIdError
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest

from tasker_consumers.engine.faust.group.static_membership import FENCED_INSTANCE_ID, watch_fencing


class Coordinator:
    """Stands where aiokafka's coordinator sends requests, and answers joins as a group would."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.joins = list[str]()

    async def _send_req(self, request: Any) -> Any:
        if isinstance(request, JoinGroupRequest):
            self.joins.append(request._member_id)
            return self.answers.pop(0)
        return "answer"


def answer(error_code: int, member_id: str = "") -> Any:
    return SimpleNamespace(error_code=error_code, member_id=member_id)


def join_as(member_id: str) -> JoinGroupRequest:
    return JoinGroupRequest("group", 1, 1, member_id, "w-0", "consumer", [])


async def joined(coordinator: Coordinator, *members: str) -> tuple[list[str], int]:
    """Join as these members, and return the members that the group saw, and how often a fence was noted."""
    fences = list[bool]()
    watch_fencing(coordinator, lambda: fences.append(True))
    for member in members:
        await coordinator._send_req(join_as(member))
    return coordinator.joins, len(fences)


async def test_a_member_that_was_forgotten_by_aiokafka_joins_as_before() -> None:
    coordinator = Coordinator(answer(0, "w-0-a"), answer(0, "w-0-a"))
    assert await joined(coordinator, "", "") == (["", "w-0-a"], 0)


async def test_a_member_that_was_forgotten_by_the_group_joins_anew() -> None:
    coordinator = Coordinator(answer(0, "w-0-a"), answer(UnknownMemberIdError.errno), answer(0, "w-0-b"))
    assert await joined(coordinator, "", "") == (["", "w-0-a", ""], 0)


async def test_a_member_whose_place_another_has_never_joins_anew() -> None:
    coordinator = Coordinator(answer(0, "w-0-a"), answer(FENCED_INSTANCE_ID))
    assert await joined(coordinator, "", "") == (["", "w-0-a"], 1)


async def test_all_other_requests_pass_unchanged() -> None:
    coordinator = Coordinator()

    async def run() -> Any:
        watch_fencing(coordinator, lambda: None)
        return await coordinator._send_req(HeartbeatRequest("group", 1, "w-0-a"))

    assert await run() == "answer"
