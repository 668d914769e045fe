"""The questions of a group as web pages: each worker answers all, and asks other workers about their partitions.

A question that another worker passed on carries a header, and is answered from this worker's states or not at all:
two workers that do not agree on who has a partition never send a question back and forth.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.state.scans import StoredLocalStates
from tasker_consumers.engine.web.questions import Arguments, GroupQuestion, KeyQuestion, Question, read_parameters
from tasker_consumers.kafka.key_partitions import partitions_of_key
from tasker_schemas.errors import BackendUnavailable, UsageError

FORWARDED = "Tasker-Forwarded"
#: Names the partitions in which a worker looks for the key of a question that was passed on to it.
PARTITIONS = "Tasker-Partitions"
#: Seconds for a whole answer; for a part from another worker, for a state from another worker, for a connection.
LIMIT_S = 30.0
_PART_S, _ONE_S, _CONNECT_S = 25.0, 5.0, 3.0


@asynccontextmanager
async def open_answers(app: EngineApp) -> AsyncIterator["Answers"]:
    """Yield the object that answers questions, with its connections to the other workers."""
    async with aiohttp.ClientSession(headers={FORWARDED: "1"}) as session:
        yield Answers(app, session)


class Answers:
    """Answers questions, from this worker's states and from the other workers."""

    def __init__(self, app: EngineApp, session: aiohttp.ClientSession) -> None:
        self._app = app
        self._session = session
        assert app.table.partitions is not None
        self._partitions: int = app.table.partitions

    def route(self, question: Question) -> web.RouteDef:
        """Return the route of a question. A key in the path may contain anything, slashes too."""
        key = question.page.key
        path = question.page.path.replace(f"{{{key.name}}}", f"{{{key.name}:.+}}") if key else question.page.path

        async def answer(request: web.Request) -> web.Response:
            async with asyncio.timeout(LIMIT_S):
                if isinstance(question, KeyQuestion):
                    return await self._about_key(request, question)
                return await self._about_all(request, question)

        return web.get(path, answer)

    async def _about_key(self, request: web.Request, question: KeyQuestion) -> web.Response:
        arguments = _arguments(request, question)
        key = question.key(arguments)
        present, *former = partitions_of_key(key, self._partitions)
        if FORWARDED in request.headers:
            document = self._own_document(question, key, _named_partitions(request) or [present])
        else:
            # A state that is older than the last partitions is where the key led when there were fewer of them.
            document = await self._document(request, question, key, [present])
            document = document or await self._document(request, question, key, former)
        if document is None:
            return json_answer({"error": question.unknown(arguments)}, HTTPStatus.NOT_FOUND)
        return json_answer(document)

    async def _document(
        self, request: web.Request, question: KeyQuestion, key: bytes, partitions: Sequence[int]
    ) -> Any | None:
        """Return the answer from the first of these partitions that has the key, wherever they are."""
        own = [partition for partition in partitions if partition in self._readable()]
        document = self._own_document(question, key, own)
        away = [partition for partition in partitions if partition not in own]
        if document is not None or not away:
            return document
        owners = self._owners()
        by_owner = {owners[wanted]: [p for p in away if owners[p] == owners[wanted]] for wanted in away}
        if restoring := by_owner.get(self._own_url):
            raise BackendUnavailable(f"partitions {_listed(restoring)} are being restored or moved between workers")
        answers = await asyncio.gather(
            *(self._ask(owner, request, _ONE_S, {PARTITIONS: _listed(asked)}) for owner, asked in by_owner.items())
        )
        return next((answer for answer, status in answers if status == HTTPStatus.OK), None)

    def _own_document(self, question: KeyQuestion, key: bytes, partitions: Sequence[int]) -> Any | None:
        if missing := set(partitions) - self._readable():
            raise BackendUnavailable(f"this worker does not hold partitions {_listed(missing)} any more, or not yet")
        documents = (question.answer(key, self._app.table.store.reader(partition)) for partition in partitions)
        return next((document for document in documents if document is not None), None)

    async def _about_all(self, request: web.Request, question: GroupQuestion) -> web.Response:
        arguments = _arguments(request, question)
        if FORWARDED in request.headers:
            return json_answer(await self._own_part(question, arguments))
        owners = sorted(set(self._owners().values()))
        parts = await asyncio.gather(
            *(
                self._own_part(question, arguments) if owner == self._own_url else self._part_of(owner, request)
                for owner in owners
            ),
            return_exceptions=True,
        )
        answered: list[int] = []
        rows: list[Any] = []
        for part in parts:
            if isinstance(part, BaseException):
                raise part
            answered += part["partitions"]
            rows += part["rows"]
        self._check_whole(answered)
        return json_answer(question.combine(arguments, rows))

    async def _own_part(self, question: GroupQuestion, arguments: Arguments) -> dict[str, Any]:
        partitions = sorted(self._readable())
        if not partitions:
            return {"partitions": [], "rows": []}
        rows = await question.part(arguments, StoredLocalStates(partitions, self._app.scans))
        return {"partitions": partitions, "rows": rows}

    async def _part_of(self, url: str, request: web.Request) -> dict[str, Any]:
        answer, status = await self._ask(url, request, _PART_S)
        if status == HTTPStatus.OK:
            return answer
        if status == HTTPStatus.BAD_REQUEST:
            raise UsageError(answer["error"])
        raise BackendUnavailable(f"the worker at {url} answers with {status}: {answer.get('error')}")

    async def _ask(
        self, worker: str, request: web.Request, limit_s: float, headers: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[dict[str, Any], int]:
        """Pass a question on, and return the answer and its status; raises BackendUnavailable."""
        url, limits = (
            URL(worker + request.raw_path, encoded=True),
            aiohttp.ClientTimeout(limit_s, sock_connect=_CONNECT_S),
        )
        try:
            async with self._session.get(url, timeout=limits, headers=headers) as answer:
                status, document = answer.status, orjson.loads(await answer.read())
        except (aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
            raise BackendUnavailable(
                f"the worker at {worker} does not answer ({type(error).__name__}): "
                "once its group has missed it, another worker takes over"
            ) from error
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise BackendUnavailable(f"the worker at {worker} cannot answer: {document['error']}")
        return document, status

    def _check_whole(self, answered: Sequence[int]) -> None:
        missing = set(range(self._partitions)) - set(answered)
        if missing:
            raise BackendUnavailable(f"partitions {_listed(missing)} are being restored or moved between workers")
        if len(answered) > self._partitions:
            raise BackendUnavailable("partitions were moved between workers while they were asked")

    def _readable(self) -> set[int]:
        """Return the partitions whose states are here, restored, and certainly no other worker's."""
        held = self._app.held_partitions()
        return held if held and self._app.heard else set()

    def _owners(self) -> Mapping[int, str]:
        """Return the address of the worker that has each of the partitions."""
        owners = self._app.owners()
        if not owners:
            raise BackendUnavailable("the group is distributing its partitions: nobody knows yet who has which")
        if unknown := set(range(self._partitions)) - owners.keys():
            raise BackendUnavailable(
                f"no worker is known for partitions {_listed(unknown)}: do two have the same address (TASKER_WEB_URL)?"
            )
        return owners

    @property
    def _own_url(self) -> str:
        return str(self._app.conf.canonical_url)


def json_answer(document: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a document as an answer that no cache keeps."""
    return web.Response(
        body=orjson.dumps(document),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _listed(partitions: Collection[int]) -> str:
    return ", ".join(map(str, sorted(partitions)))


def _named_partitions(request: web.Request) -> list[int]:
    try:
        return [int(number) for number in request.headers.get(PARTITIONS, "").split(",") if number]
    except ValueError:
        raise UsageError(f"{PARTITIONS} is {request.headers[PARTITIONS]!r}; expected numbers and commas") from None


def _arguments(request: web.Request, question: Question) -> Arguments:
    page = question.page
    arguments = read_parameters(page.parameters, list(request.query.items()))
    if page.key is not None:
        arguments[page.key.name] = page.key.read(request.match_info[page.key.name])
    return arguments
