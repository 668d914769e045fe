"""Whether each group has members, and how far it is behind."""

from collections.abc import Iterator

from tasker_consumers.kafka.group_states import group_state
from tasker_consumers.tools.doctor.connection import Connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict


def check_group(connection: Connection, group: str, command: str) -> Iterator[Finding]:
    """Yield state, members and lag of a group; `command` starts a member."""
    check = f"group {group}"
    state = group_state(connection.admin, group)
    detail = f"{state.state}, {state.members} members, {state.behind:,} records behind"
    if state.verdict == "stopped":
        yield Finding(check, Verdict.FAILED, f"no member: {detail}", f"`{command}` starts a worker")
    elif state.verdict == "behind":
        yield Finding(check, Verdict.WARNING, detail, "start more workers if it grows; their logs say what holds them")
    else:
        yield Finding(check, Verdict.OK, detail)
