"""A Kafka that knows its users by their certificates, and asks for no password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import EmbeddedKafka
from tasker_consumers.embedded.security import Security
from tests.support.kafka.certificates import Authority
from tests.support.kafka.secured import SUPERUSER, SecuredKafka

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class MutualTlsKafka(EmbeddedKafka):
    """A node whose clients must show a certificate; `administrator` says how somebody logs in who may do everything."""

    def __init__(self, security: Security, administrator: dict[str, str]) -> None:
        super().__init__(security=security)
        self.administrator = administrator

    def _settings(self, port: int, controller_port: int) -> dict[str, str]:
        inside = super()._settings(port, controller_port)
        return {
            **inside,
            "listener.security.protocol.map": "SSL:SSL,CONTROLLER:SASL_SSL",
            "listeners": inside["listeners"].replace("SASL_SSL://", "SSL://"),
            "advertised.listeners": inside["advertised.listeners"].replace("SASL_SSL://", "SSL://"),
            "inter.broker.listener.name": "SSL",
            "listener.name.ssl.ssl.client.auth": "required",
            "super.users": f"{inside['super.users']};User:CN={SUPERUSER};User:CN=broker",
        }

    def _answers(self, port: int) -> bool:
        client = AdminClient({**self.administrator, "bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0})
        try:
            return bool(client.list_topics(timeout=2).brokers)
        except KafkaException:
            return False


@dataclass(frozen=True, kw_only=True)
class CertifiedKafka(SecuredKafka):
    """A running node, and how to be let in by a certificate."""

    authority: Authority
    place: Path

    @property
    def superuser(self) -> dict[str, str]:
        """How somebody who may do everything connects."""
        return {
            **certificate_settings(self.place, SUPERUSER),
            "bootstrap.servers": self.broker.bootstrap_servers,
        }

    def link(self) -> dict[str, str]:
        """The environment of everybody."""
        return {**SecuredKafka.link(self), "KAFKA_SECURITY_PROTOCOL": "SSL"}

    def let_in(self, role: str, prefix: str, mechanism: str = "certificate") -> dict[str, str]:
        """Return the environment of somebody whose certificate the node knows, and who may do what a role may."""
        self.allow(f"CN={prefix}-{role}", role, prefix)
        return {**self.link(), **self.shown(f"{prefix}-{role}-{mechanism}", self.authority, f"{prefix}-{role}")}

    def shown(self, file: str, authority: Authority, name: str) -> dict[str, str]:
        """Return the variables that show a new certificate of an authority."""
        path = self.place / f"{file}.pem"
        path.write_bytes(authority.identity(name))
        return {"KAFKA_SSL_CERTIFICATE_LOCATION": str(path), "KAFKA_SSL_KEY_LOCATION": str(path)}


def certificate_settings(place: Path, name: str) -> dict[str, str]:
    """Return librdkafka's settings for the certificate of this name."""
    own = str(place / f"{name}.pem")
    files = {"ssl.certificate.location": own, "ssl.key.location": own}
    return {"security.protocol": "SSL", "ssl.ca.location": str(place / "ca.pem"), **files}


@pytest.fixture(scope="session")
def certified_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CertifiedKafka]:
    """A Kafka with TLS in both directions and ACLs that all tests share."""
    place = tmp_path_factory.mktemp("mutual")
    authority = Authority.new("the authority")
    (place / "ca.pem").write_bytes(authority.pem())
    for name in ("broker", SUPERUSER):
        (place / f"{name}.pem").write_bytes(authority.identity(name))
    security = Security(
        authority=place / "ca.pem", identity=place / "broker.pem", superuser=SUPERUSER, passwords={SUPERUSER: "p"}
    )
    login = certificate_settings(place, SUPERUSER)
    with MutualTlsKafka(security, login) as broker:
        admin = AdminClient({**login, "bootstrap.servers": broker.bootstrap_servers, "log_level": 0})
        yield CertifiedKafka(broker, security, admin, authority=authority, place=place)
