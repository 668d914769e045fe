"""librdkafka's connection settings, translated for Faust."""

import ssl
from pathlib import Path

import pytest
from faust.auth import SASLCredentials, SSLCredentials

from tasker_consumers.engine.faust.connection import connection
from tasker_schemas.errors import ConfigurationError
from tests.support.kafka.certificates import Authority, client_files

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


@pytest.mark.parametrize("as_directory", [False, True], ids=["file", "directory"])
def test_the_authority_is_a_file_or_a_directory_as_for_librdkafka(tmp_path: Path, as_directory: bool) -> None:
    certificate = tmp_path / "ca.pem"
    certificate.write_bytes(Authority.new("us").pem())
    place = str(tmp_path if as_directory else certificate)
    context = connection({**SERVERS, "security.protocol": "SSL", "ssl.ca.location": place}).credentials.context
    # A file is read at once, a directory when a broker shows its certificate.
    assert len(context.get_ca_certs()) == (0 if as_directory else 1)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT


@pytest.mark.parametrize("password", [{}, {"ssl.key.password": "wrong"}], ids=["missing", "wrong"])
def test_an_encrypted_key_without_its_password_is_refused_and_never_asked_for(
    tmp_path: Path, password: dict[str, str]
) -> None:
    files = client_files(tmp_path, password=b"right")
    with pytest.raises(ConfigurationError, match=r"ssl\.key\.password is wrong"):
        connection({**SERVERS, "security.protocol": "SSL", **files, **password})
    assert connection({**SERVERS, "security.protocol": "SSL", **files, "ssl.key.password": "right"}).credentials


def test_a_connection_does_not_show_its_password() -> None:
    link = connection({**SERVERS, **SASL, "sasl.password": "hunter2", "security.protocol": "SASL_PLAINTEXT"})
    assert "hunter2" not in repr(link)


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
