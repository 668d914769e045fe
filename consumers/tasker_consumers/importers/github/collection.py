"""Gathers runs, jobs and annotations from GitHub's answers, in each of the shapes that people keep."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.github.answers import Answer, GitHubNode
from tasker_consumers.importers.options import Note

_ANNOTATIONS = re.compile(r"/check-runs/(\d+)/annotations(?:$|\?)")
_LARGEST_ID = 2**63
_PART_OF_A_RUN = ("workflow_id", "workflowDatabaseId", "workflowName", "run_started_at", "headSha")


class JobEntry(NamedTuple):
    """A job of an answer; `run_id` and `attempt` come from the run around it where the job does not tell them."""

    node: GitHubNode
    run_id: int
    attempt: int


@dataclass(slots=True)
class Collection:
    """The runs, jobs and failures of a file; of two answers about the same run or job the later counts."""

    runs: list[GitHubNode] = field(default_factory=list)
    jobs: dict[int, JobEntry] = field(default_factory=dict)  # by id
    failures: dict[int, tuple[str, ...]] = field(default_factory=dict)  # messages, by id of the job
    #: Pages that have fewer jobs than their total, by run and total: the first page, and the ids of all jobs.
    _pages: dict[tuple[int, int], tuple[GitHubNode, set[int]]] = field(default_factory=dict)
    #: The ids of listed runs by the total that their lists tell.
    _listed_runs: dict[int, set[int]] = field(default_factory=dict)

    def missing_runs(self) -> Iterator[str]:
        """Yield a sentence for each list of runs that goes on: the runs in it are whole, so they are imported."""
        for total, run_ids in self._listed_runs.items():
            if len(run_ids) < total:
                yield f"{len(run_ids)} of {total} runs are in the file: fetch the other pages for more"

    def check_pages(self) -> None:
        """Raise BrokenFile when pages of jobs are missing."""
        for (_, total), (page, job_ids) in self._pages.items():
            if len(job_ids) < total:
                raise BrokenFile(f"{page.path}.jobs".lstrip("."), f"{len(job_ids)} of {total}, fetch the other pages")

    def add(self, answer: Answer) -> None:
        """Take the content of an answer; raise BrokenFile when it is no answer about runs and jobs.

        An answer of a recording about anything else is passed over: its URL shows that the API gave it.
        """
        body = answer.body
        if (url := _ANNOTATIONS.search(answer.url)) is not None:
            self.failures[int(url[1])] = _failures(body)
        elif not isinstance(body.value, dict):
            if not answer.url:
                body.refuse("a workflow run or a list of jobs")
        elif "workflow_runs" in body.value:
            self._add_list_of_runs(body)
        elif (run := body.find("workflow_run")) is not None:
            self.runs.append(run)
        elif (job := body.find("workflow_job")) is not None:
            self._add_job(job, None)
        elif any(key in body.value for key in _PART_OF_A_RUN) and "job_id" not in body.value:
            self._add_run(body)
        elif "jobs" in body.value:
            self._add_page(body)
        elif not answer.url:
            body.refuse("a workflow run or a list of jobs")

    def _add_list_of_runs(self, body: GitHubNode) -> None:
        runs, total = body.get("workflow_runs").items(), body.find("total_count")
        self.runs += runs
        if total is not None:
            self._listed_runs.setdefault(total.integer(), set()).update(identifier(run.get("id")) for run in runs)

    def _add_run(self, run: GitHubNode) -> None:
        if run.find("run_id") is not None:  # a job has its run's id and sha
            self._add_job(run, None)
            return
        self.runs.append(run)
        for job in jobs.items() if (jobs := run.find("jobs")) else ():
            self._add_job(job, run)

    def _add_page(self, page: GitHubNode) -> None:
        added = [self._add_job(job, None) for job in page.get("jobs").items()]
        total = page.find("total_count")
        if total is not None and added and len(added) < total.integer():
            _, job_ids = self._pages.setdefault((added[0].run_id, total.integer()), (page, set()))
            job_ids |= {identifier(entry.node.get("id")) for entry in added}
        elif total is not None and not added and total.integer():
            raise BrokenFile(f"{page.path}.jobs".lstrip("."), f"0 of {total.integer()}, fetch the other pages")

    def _add_job(self, job: GitHubNode, run: GitHubNode | None) -> JobEntry:
        attempt = job.find("run_attempt") or (run and run.find("run_attempt"))
        run_id = identifier(job.get("run_id") if run is None else run.get("id"))
        entry = JobEntry(job, run_id, positive(attempt) if attempt else 1)
        self.jobs[identifier(job.get("id"))] = entry
        return entry


def collect(answers: Iterable[Answer], note: Note = lambda _: None) -> Collection:
    """Gather the contents of answers; raise BrokenFile, also for a missing page of jobs or a job without its run."""
    collection = Collection()
    for answer in answers:
        collection.add(answer)
    collection.check_pages()
    for sentence in collection.missing_runs():
        note(sentence)
    run_ids = {identifier(run.get("id")) for run in collection.runs}
    for job in collection.jobs.values():
        if job.run_id not in run_ids and (run_id := job.node.find("run_id")) is not None:
            run_id.refuse("the id of a run in this file")
    return collection


def identifier(node: GitHubNode) -> int:
    """Return this id of GitHub; raise BrokenFile when it is none."""
    number = node.value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < _LARGEST_ID:
        node.refuse("an id, a whole number")
    return number


def positive(node: GitHubNode) -> int:
    """Return this number from 1; raise BrokenFile when it is none."""
    if node.integer() < 1:
        node.refuse("a number from 1")
    return node.integer()


def _failures(annotations: GitHubNode) -> tuple[str, ...]:
    messages = defaultdict[str | None, list[str]](list)
    for node in annotations.items():
        level, message = node.find("annotation_level"), node.find("message")
        if message:
            messages[level.text() if level else None].append(message.text())
    return tuple(messages["failure"])
