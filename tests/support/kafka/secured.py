"""A Kafka that knows its users: certificates, logins, and what each of them may do."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from tasker_consumers.embedded import EmbeddedKafka
from tasker_consumers.embedded.security import Security
from tasker_consumers.kafka.offsets import watermarks
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.read import open_source, read
from tests.support.kafka.certificates import Authority
from tests.support.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasker_consumers.replay.record import StoredRecord

SECURITY_PAGE = Path(__file__).parents[3] / "docs" / "security.md"
SUPERUSER, PLAIN_USER = "admin", "plain"
#: The tools' groups have their names whatever the prefix.
_OF_PREFIX = re.compile("^tasker(?!-replay|-stats-reader)")
#: Between the words of an operation such as DescribeConfigs.
_WORD_END = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ACLS_TOOL = "kafka-acls.sh "
SECRET = "Tr0ub4dor"
DEADLINE_S = 90.0


def _password_of(user: str) -> str:
    return f'{SECRET}-"\\{user}'


@dataclass(frozen=True, slots=True)
class SecuredKafka:
    """A running node, and how to be let in."""

    broker: EmbeddedKafka
    security: Security
    admin: AdminClient
    #: Every password has this in it, so that one look finds any of them where none may be.
    secret: str = SECRET

    @property
    def superuser(self) -> dict[str, str]:
        """How somebody who may do everything connects."""
        return {**self.security.client_settings(SUPERUSER), "bootstrap.servers": self.broker.bootstrap_servers}

    def link(self) -> dict[str, str]:
        """The environment of everybody."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SSL_CA_LOCATION": str(self.security.authority),
        }

    def let_in(self, role: str, prefix: str, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """Return the environment of a user who may do what the documentation gives to a role."""
        user = PLAIN_USER if mechanism == "PLAIN" else f"{prefix}-{role}"
        self.allow(user, role, prefix)
        return {**self.link(), "KAFKA_SASL_MECHANISM": mechanism, **self._credentials(user, mechanism)}

    def let_see(self, role: str, prefix: str) -> dict[str, str]:
        """Return the environment of the same user, who sees the role's topics and may do nothing with them yet."""
        user, mechanism = f"{prefix}-{role}", "SCRAM-SHA-512"
        self.allow(user, role, prefix, AclOperation.DESCRIBE)
        return {**self.link(), "KAFKA_SASL_MECHANISM": mechanism, **self._credentials(user, mechanism)}

    def stranger(self, prefix: str) -> dict[str, str]:
        """Return the environment of a user who is let in, and may do nothing."""
        mechanism = "SCRAM-SHA-512"
        return {
            **self.link(),
            "KAFKA_SASL_MECHANISM": mechanism,
            **self._credentials(f"{prefix}-stranger", mechanism),
        }

    def allow(self, user: str, role: str, prefix: str, only: AclOperation | None = None) -> None:
        """Let a user do what the documentation gives to a role, or one operation of it."""
        documented = documented_acls(role, user, prefix)
        wanted = [acl for acl in documented if only is None or acl.operation is only]
        for made in self.admin.create_acls(wanted).values():
            made.result(DEADLINE_S)
        # The controller has them; the broker follows a moment later.
        assert eventually(lambda: set(wanted) <= set(self.admin.describe_acls(_acls_of(user)).result(DEADLINE_S)))

    def forbid_making_topics(self, user: str) -> None:
        """Take back what a user may create."""
        create = _acls_of(user, AclOperation.CREATE)
        self.admin.delete_acls([create])[create].result(DEADLINE_S)
        assert eventually(lambda: not self.admin.describe_acls(create).result(DEADLINE_S))

    def _credentials(self, user: str, mechanism: str) -> dict[str, str]:
        if mechanism == "OAUTHBEARER":
            unsigned = "KAFKA_ENABLE_SASL_OAUTHBEARER_UNSECURE_JWT"
            return {unsigned: "true", "KAFKA_SASL_OAUTHBEARER_CONFIG": f"principal={user}"}
        password = _password_of(user)
        if mechanism != "PLAIN":
            info = ScramCredentialInfo(ScramMechanism[mechanism.replace("-", "_")], 4096)
            change = UserScramCredentialUpsertion(user, info, password.encode())
            self.admin.alter_user_scram_credentials([change])[user].result(DEADLINE_S)
        return {"KAFKA_SASL_USERNAME": user, "KAFKA_SASL_PASSWORD": password}

    def records(self, topic: str) -> list[StoredRecord]:
        """Return all records that a topic holds now."""
        with open_source(self.superuser) as consumer:
            partitions = consumer.list_topics(topic, DEADLINE_S).topics[topic].partitions
            places = [TopicPartition(topic, number) for number in partitions]
            spans = [(place, *watermarks(consumer, place)) for place in places]
            return list(
                read(consumer, [OffsetRange(topic, p.partition, low, end) for p, low, end in spans if low < end])
            )


def _acls_of(user: str, operation: AclOperation = AclOperation.ANY) -> AclBindingFilter:
    everywhere = (ResourceType.ANY, None, ResourcePatternType.ANY)
    return AclBindingFilter(*everywhere, f"User:{user}", None, operation, AclPermissionType.ANY)


def documented_acls(role: str, user: str, prefix: str) -> list[AclBinding]:
    """Return the ACLs that the documentation gives to a role, for a user and a topic prefix of a test."""
    lines = SECURITY_PAGE.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    commands = [line.removeprefix(_ACLS_TOOL) for line in lines if line.startswith(_ACLS_TOOL)]
    told = [_OPTIONS.parse_args(shlex.split(command)) for command in commands]
    bindings = [
        each for options in told if options.principal == f"User:{role}" for each in _acls(options, user, prefix)
    ]
    assert bindings, f"the documentation gives {role} nothing"
    return bindings


def _options() -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    for name in ("bootstrap-server", "command-config"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--allow-principal", dest="principal", required=True)
    parser.add_argument("--operation", action="append", required=True)
    parser.add_argument("--resource-pattern-type", dest="pattern", default="literal")
    parser.add_argument("--topic", action="append", default=[])
    parser.add_argument("--group", action="append", default=[])
    parser.add_argument("--transactional-id", dest="transactional", action="append", default=[])
    return parser


_OPTIONS = _options()


def _acls(options: Namespace, user: str, prefix: str) -> list[AclBinding]:
    named = [(ResourceType.TOPIC, name) for name in options.topic]
    named += [(ResourceType.GROUP, name) for name in options.group]
    named += [(ResourceType.TRANSACTIONAL_ID, name) for name in options.transactional]
    pattern = ResourcePatternType[options.pattern.upper()]
    return [
        AclBinding(
            kind, _OF_PREFIX.sub(prefix, name), pattern, f"User:{user}", "*",
            AclOperation[_WORD_END.sub("_", operation).upper()], AclPermissionType.ALLOW,
        )
        for kind, name in named
        for operation in options.operation
    ]  # fmt: skip


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """A Kafka with TLS, SASL and ACLs that all tests share."""
    place = tmp_path_factory.mktemp("secured")
    authority = Authority.new("the authority")
    (place / "ca.pem").write_bytes(authority.pem())
    (place / "broker.pem").write_bytes(authority.identity("broker"))
    security = Security(
        authority=place / "ca.pem",
        identity=place / "broker.pem",
        superuser=SUPERUSER,
        passwords={user: _password_of(user) for user in (SUPERUSER, PLAIN_USER)},
        unsigned_tokens=True,
    )
    with EmbeddedKafka(security=security) as broker:
        login = {**security.client_settings(SUPERUSER), "bootstrap.servers": broker.bootstrap_servers}
        yield SecuredKafka(broker, security, AdminClient({"log_level": 0, **login}))


@pytest.fixture
def unknown_authority(tmp_path: Path) -> Path:
    """The certificate of an authority that has signed nothing."""
    path = tmp_path / "unknown-ca.pem"
    path.write_bytes(Authority.new("somebody else").pem())
    return path
