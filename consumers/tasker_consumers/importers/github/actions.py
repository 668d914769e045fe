"""Runs of GitHub Actions as events: a run is a task, its jobs are the steps; a job with steps is a task in its turn.

| in GitHub's answers | becomes |
|---|---|
| a run, `created_at` and `run_started_at` | `task.initialize_requested`, `task.start_requested` |
| `run_attempt` above 1 | `task.retry_requested` and a further `task.start_requested` |
| a job, `created_at` and `started_at` | `step.execution_requested`, `step.handle`; its `run_attempt` is the attempt |
| a job's steps | steps of the job's own task, in sequence; that task's span lies within the job's |
| a job that a later attempt took over | the attempt that it copies, once; its steps only from the original |
| success, neutral | `completed` |
| failure, timed_out, startup_failure | `failed`, with the messages that the job left as annotations |
| cancelled, skipped, stale, action_required | `cancelled`, with that word as the reason |

A run or job without a conclusion stays open. A skipped job or step never ran: its span has no length. The API does
not tell which jobs a job needs, so jobs have no `depends_on`. A run has ended at its `updated_at` if that is at most
a minute after the end of its last job, else with that job: anything that touches a run later moves its `updated_at`.
"""

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.github.answers import read_answers
from tasker_consumers.importers.github.events import events_of_run
from tasker_consumers.importers.github.run import read_runs
from tasker_consumers.importers.options import Note


def read(raw: bytes, name: str, note: Note = lambda _: None) -> list[ImportedEvent]:
    """Return the events of every run in a file, in the order of their times.

    `raw` is the file's content, plain or gzip, `name` its name: a recording of GitHub's answers, or JSON as the API,
    `gh` and webhooks write it. `note` hears of a list of runs that goes on. Raises BrokenFile.
    """
    runs = read_runs(read_answers(raw, name), note)
    if not runs:
        raise BrokenFile("the file", "no answer in it is a workflow run")
    # Attempts of a run repeat the events that they share; their ids are equal.
    events = {event.event_id: event for run in runs for event in events_of_run(run)}
    return sorted(events.values(), key=lambda event: event.timestamp)  # stable: a parent ends after its children
