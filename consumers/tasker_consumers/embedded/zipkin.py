"""A real trace backend with a web page: Zipkin, as a child process. It keeps its spans in memory only."""

from collections.abc import Sequence

from tasker_consumers.embedded.java.artifacts import files_of, java
from tasker_consumers.embedded.java.programs import ZIPKIN
from tasker_consumers.embedded.readiness import page_answers
from tasker_consumers.embedded.server import HOST, SMALL_JVM, EmbeddedServer

SPANS_PATH = "/api/v2/spans"


class EmbeddedZipkin(EmbeddedServer):
    """A real Zipkin for as long as a `with` block lasts; a stopped server forgets its spans."""

    name = "Zipkin"

    @property
    def url(self) -> str:
        """The web page's address; spans go to `/api/v2/spans` below it, as Zipkin's JSON."""
        return f"http://{HOST}:{self.port}"

    def _command(self, ports: Sequence[int]) -> list[str]:
        (program,) = files_of(ZIPKIN)
        listen = {"ip": HOST, "port": str(ports[0]), "protocols[0]": "http"}
        settings = {
            **{f"armeria.ports[0].{name}": value for name, value in listen.items()},
            "logging.level.root": "warn",
            "spring.main.banner-mode": "off",
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        return [str(java()), *SMALL_JVM, "-jar", str(program), *arguments]

    def _answers(self, port: int) -> bool:
        return page_answers(f"http://{HOST}:{port}/api/v2/services")
