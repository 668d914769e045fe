"""Downloads before the first test, and Kafka's start image: outside every test's time limit, where people see them."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from tasker_consumers.embedded.docker import why_no_docker
from tasker_consumers.embedded.java.artifacts import files_of
from tasker_consumers.embedded.java.programs import KAFKA, REGISTRY, ZIPKIN, JavaProgram
from tasker_consumers.embedded.lookup import BOOTSTRAP_SERVERS, REGISTRY_URL, ZIPKIN_ENDPOINT
from tasker_schemas.errors import TaskerEventsError
from tests.support.embedded.start_image import use_start_image
from tests.support.kafka.jvm_reader import READER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pytest

_ALWAYS = {"own_kafka": KAFKA, "breakable_registry": REGISTRY, "jvm_reader": READER}
_UNLESS_ELSEWHERE = {
    "kafka": (KAFKA, BOOTSTRAP_SERVERS),
    "registry": (REGISTRY, REGISTRY_URL),
    "zipkin": (ZIPKIN, ZIPKIN_ENDPOINT),
}


def programs_for(fixtures: Collection[str]) -> Iterator[JavaProgram]:
    """Yield the programs that tests with these fixtures need here, where no other server is configured."""
    yield from (program for fixture, program in _ALWAYS.items() if fixture in fixtures)
    for fixture, (program, setting) in _UNLESS_ELSEWHERE.items():
        if fixture in fixtures and not os.environ.get(setting) and why_no_docker(os.environ) is not None:
            yield program


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get what the chosen tests need; what cannot be had fails in the tests that need it, with the reason."""
    if session.config.option.collectonly:
        return
    fixtures = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        for program in dict.fromkeys(programs_for(fixtures)):
            with contextlib.suppress(TaskerEventsError):
                files_of(program)
                if program is KAFKA:
                    use_start_image()
