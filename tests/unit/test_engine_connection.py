"""librdkafka's connection settings, translated for Faust."""

import ssl

import pytest
from faust.auth import SASLCredentials, SSLCredentials

from tasker_consumers.engine.connection import connection
from tasker_schemas.errors import ConfigurationError

SERVERS = {"bootstrap.servers": "a:9093, PLAINTEXT://b , [::1]:9094"}
SASL = {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "u", "sasl.password": "p"}


def test_servers_become_urls_with_ports() -> None:
    assert [str(url) for url in connection(SERVERS).brokers] == [
        "taskerruns://a:9093",
        "taskerruns://b:9092",
        "taskerruns://[::1]:9094",
    ]


def test_plaintext_needs_no_credentials() -> None:
    assert connection({**SERVERS, "security.protocol": "plaintext"}).credentials is None


def test_ssl_checks_the_broker_unless_told_not_to() -> None:
    strict = connection({**SERVERS, "security.protocol": "SSL"}).credentials
    assert isinstance(strict, SSLCredentials)
    assert (strict.context.verify_mode, strict.context.check_hostname) == (ssl.CERT_REQUIRED, True)
    loose = connection(
        {**SERVERS, "security.protocol": "ssl", "enable.ssl.certificate.verification": "false"}
    ).credentials
    assert (loose.context.verify_mode, loose.context.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize(("protocol", "encrypted"), [("SASL_PLAINTEXT", False), ("SASL_SSL", True)])
def test_sasl_carries_user_password_and_mechanism(protocol: str, encrypted: bool) -> None:
    credentials = connection({**SERVERS, **SASL, "security.protocol": protocol}).credentials
    assert isinstance(credentials, SASLCredentials)
    assert (credentials.username, credentials.password) == ("u", "p")
    assert credentials.mechanism.value == "SCRAM-SHA-512"
    assert credentials.protocol.value == protocol
    assert (credentials.ssl_context is not None) == encrypted


def test_a_producers_tuning_says_nothing_to_a_worker() -> None:
    tuned = connection({**SERVERS, "linger.ms": "5", "acks": "all", "compression.type": "lz4", "client.id": "x"})
    assert (tuned.compression, tuned.client_id) == ("lz4", "x")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"sasl.kerberos.principal": "x"}, r"sasl\.kerberos\.principal is not supported"),
        ({"security.protocol": "TLS"}, "security.protocol is 'TLS'; expected one of PLAINTEXT, SSL"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanisms": "GSSAPI"}, "sasl.mechanisms is 'GSSAPI'; expected one"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"}, "needs sasl.username, which is not set"),
        ({"security.protocol": "SSL", "ssl.ca.location": "nowhere.pem"}, "ssl.ca.location"),
        ({"bootstrap.servers": "a:port"}, "'a:port' is not host:port"),
    ],
)
def test_what_has_no_counterpart_is_named(setting: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        connection({**SERVERS, **setting})
