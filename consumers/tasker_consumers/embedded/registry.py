"""A real schema registry: Apicurio Registry, which speaks Confluent's protocol, as a child process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tasker_consumers.embedded.java.artifacts import files_of, java, program_dir
from tasker_consumers.embedded.java.programs import REGISTRY
from tasker_consumers.embedded.readiness import page_answers
from tasker_consumers.embedded.server import HOST, SMALL_JVM, EmbeddedServer
from tasker_consumers.embedded.settings import as_properties

CONFLUENT_API = "/apis/ccompat/v7"

_QUIET_AND_LOCAL = {
    "config_ordinal": "300",  # above the program's own settings, below the command line
    "quarkus.http.host": HOST,
    # Health and metrics have a port of their own, 9000 by default: two registries would fight for it.
    "quarkus.management.host": HOST,
    "quarkus.management.port": "0",
    "quarkus.banner.enabled": "false",
    "quarkus.http.access-log.enabled": "false",
    'quarkus.log.category."io.apicurio".level': "WARN",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user of the registry, who may do everything."""

    user: str
    password: str = field(repr=False)


class EmbeddedRegistry(EmbeddedServer):
    """A real schema registry for as long as a `with` block lasts; with a `login` it answers nobody else."""

    name = "Apicurio Registry"

    def __init__(self, *, data_dir: Path | None = None, port: int | None = None, login: Login | None = None) -> None:
        super().__init__(data_dir=data_dir, port=port)
        self._login = login

    @property
    def url(self) -> str:
        """The value for SCHEMA_REGISTRY_URL: known from the first start on, and the same after each restart."""
        return f"http://{HOST}:{self.port}{CONFLUENT_API}"

    def _command(self, ports: Sequence[int]) -> list[str]:
        files_of(REGISTRY)
        settings = {
            **_QUIET_AND_LOCAL,
            **(_login_settings(self._login) if self._login else {}),
            "quarkus.http.port": str(ports[0]),
            # By itself H2 brings a commit to its file half a second later: a kill took the schemas of that time.
            "apicurio.datasource.url": f"jdbc:h2:file:{self.data_dir / 'schemas'};WRITE_DELAY=0",
        }
        properties = self.data_dir / "registry.properties"  # not on the command line, where everyone reads passwords
        properties.touch(mode=0o600)
        properties.write_text(as_properties(settings))
        program = program_dir(REGISTRY) / "quarkus-run.jar"
        return [str(java()), *SMALL_JVM, f"-Dsmallrye.config.locations={properties}", "-jar", str(program)]

    def _answers(self, port: int) -> bool:
        return page_answers(f"http://{HOST}:{port}{CONFLUENT_API}/subjects")


def _login_settings(login: Login) -> dict[str, str]:
    users = "quarkus.security.users.embedded"
    return {
        "quarkus.http.auth.basic": "true",
        "apicurio.auth.role-based-authorization": "true",
        f"{users}.plain-text": "true",
        f"{users}.users.{login.user}": login.password,
        f"{users}.roles.{login.user}": "sr-admin",
    }
