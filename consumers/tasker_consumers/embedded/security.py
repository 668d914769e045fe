"""Settings of a node that lets in known users only: TLS, SASL, and ACLs that allow nothing until it is granted."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

PROTOCOL = "SASL_SSL"

_PASSWORD_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_TOKENS = "OAUTHBEARER"
_LISTENERS = ("sasl_ssl", "controller")
_ANSWER_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Who a node is and whom it lets in.

    `superuser` may do everything, and is how the node logs in to itself; users of SCRAM are made with an admin client
    that logs in so. Both files are PEM: `identity` holds the node's private key (PKCS#8, not encrypted) and its
    certificate, which must name 127.0.0.1; `authority` the certificate of who signed it.
    """

    authority: Path
    identity: Path
    superuser: str
    #: Passwords of the users of PLAIN, the superuser's among them.
    passwords: Mapping[str, str] = field(repr=False)
    #: Whether unsigned OAUTHBEARER tokens count. A bearer is whoever the token names: only for tests of that login.
    unsigned_tokens: bool = False

    def node_settings(self) -> dict[str, str]:
        """Return the additional settings of a node whose listeners speak `PROTOCOL`."""
        mechanisms = [*_PASSWORD_MECHANISMS, *([_TOKENS] if self.unsigned_tokens else [])]
        return {
            "inter.broker.listener.name": PROTOCOL,
            "sasl.enabled.mechanisms": ",".join(mechanisms),
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            **self._logins(),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.identity),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{self.superuser}",
        }

    def client_settings(self, user: str) -> dict[str, str]:
        """Return how a client of librdkafka logs in as a user of PLAIN."""
        return {
            "security.protocol": PROTOCOL,
            "ssl.ca.location": str(self.authority),
            "sasl.mechanism": "PLAIN",
            "sasl.username": user,
            "sasl.password": self.passwords[user],
        }

    def lets_in(self, host: str, port: int) -> bool:
        """Whether a node there answers the superuser."""
        login = self.client_settings(self.superuser)
        try:
            socket.create_connection((host, port), _ANSWER_LIMIT_S).close()  # cheaper to try than a client
            client = AdminClient({"bootstrap.servers": f"{host}:{port}", "log_level": 0, **login})
            return bool(client.list_topics(timeout=_ANSWER_LIMIT_S).brokers)
        except (OSError, KafkaException):
            return False

    def _logins(self) -> dict[str, str]:
        security = "org.apache.kafka.common.security"
        users = {f"user_{name}": password for name, password in self.passwords.items()}
        itself = {"username": self.superuser, "password": self.passwords[self.superuser]}
        plain = _login_module(f"{security}.plain.PlainLoginModule", {**itself, **users})
        scram = _login_module(f"{security}.scram.ScramLoginModule", {})
        token = _login_module(
            f"{security}.oauthbearer.OAuthBearerLoginModule", {"unsecuredLoginStringClaim_sub": self.superuser}
        )
        return {
            **{f"listener.name.{listener}.plain.sasl.jaas.config": plain for listener in _LISTENERS},
            "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
            **({"listener.name.sasl_ssl.oauthbearer.sasl.jaas.config": token} if self.unsigned_tokens else {}),
        }


def _login_module(name: str, options: Mapping[str, str]) -> str:
    r"""Return a login module as JAAS writes it.

    >>> _login_module("PlainLoginModule", {"username": "me", "password": 'a"b'})
    'PlainLoginModule required username="me" password="a\\"b";'
    """
    quoted = {key: value.replace("\\", r"\\").replace('"', r"\"") for key, value in options.items()}
    return " ".join([name, "required", *(f'{key}="{value}"' for key, value in quoted.items())]) + ";"
