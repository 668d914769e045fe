"""Static membership of the group (KIP-345): a worker that comes back within its session keeps its partitions.

Kafka knows such a worker by its `group.instance.id`. The worker does not leave the group when it stops, and a new
process with the same id takes the place of the old process, so the others notice nothing. aiokafka sends the id, but
forgets its member id whenever the group does not know that any more. With that it would take the place back from a
process that has taken it: two workers with the same id would push each other out of the group for ever.
"""
# ruff: noqa: SLF001  it has to reach into Faust and aiokafka

import copy
from collections.abc import Callable
from typing import Any, cast

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import UnknownMemberIdError
from aiokafka.protocol.group import JoinGroupRequest
from faust.assignor.client_assignment import ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor

#: Kafka's error code for a member whose instance id belongs to another member now; aiokafka has no name for it.
FENCED_INSTANCE_ID = 82


def watch_fencing(coordinator: Any, note_fenced: Callable[[], None]) -> None:
    """Have aiokafka's group coordinator join as the member that it was, and call `note_fenced` when that is refused.

    A member that the group has forgotten joins anew. A member whose place another process has taken is told so by
    Kafka, and never joins again.
    """
    send = coordinator._send_req
    joined = ""

    async def join(request: Any) -> Any:
        nonlocal joined
        if joined and request._member_id == JoinGroupRequest.UNKNOWN_MEMBER_ID:
            as_before = copy.copy(request)
            as_before._member_id = joined
            response = await send(as_before)
            if response.error_code != UnknownMemberIdError.errno:
                return response
        return await send(request)

    async def watched(request: Any) -> Any:
        nonlocal joined
        if not isinstance(request, JoinGroupRequest):
            return await send(request)
        response = await join(request)
        if response.error_code == FENCED_INSTANCE_ID:
            note_fenced()
        elif not response.error_code:
            joined = response.member_id
        return response

    coordinator._send_req = watched


class StableAssignor(PartitionAssignor):
    """Faust's assignor, for workers that may come back at another address.

    A worker that keeps its place gets the assignment that it had, with the address that it had. When the address is
    another one now, the group has to distribute its partitions again: else the other workers never hear of it.
    """

    def on_assignment(self, assignment: Any) -> None:
        """Take an assignment."""
        metadata = cast("Any", ClientMetadata.loads(self._decompress(assignment.user_data)))
        has_moved = metadata.url != str(self._url)
        if has_moved:
            metadata.url = str(self._url)
            user_data = self._compress(metadata.dumps())
            assignment = ConsumerProtocolMemberAssignment(assignment.version, assignment.assignment, user_data)
        super().on_assignment(assignment)
        if has_moved and metadata.assignment.actives:
            cast("Any", self.app).consumer.rejoin()
