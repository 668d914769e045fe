"""Kafka's connection settings, from librdkafka's names to those of Faust and aiokafka."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust
from yarl import URL

from tasker_consumers.engine.faust.consumer import SCHEME
from tasker_schemas.errors import ConfigurationError

_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_TRANSLATED = {
    "bootstrap.servers", "client.id", "compression.type", "security.protocol",
    "sasl.mechanism", "sasl.mechanisms", "sasl.username", "sasl.password",
    "ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.key.password",
    "enable.ssl.certificate.verification", "ssl.endpoint.identification.algorithm",
}  # fmt: skip
# Services tune their producer with these under the same KAFKA_* names: they say nothing to a worker.
_ONLY_FOR_PRODUCERS = {
    "acks", "request.required.acks", "batch.num.messages", "batch.size", "delivery.timeout.ms", "message.timeout.ms",
    "enable.idempotence", "linger.ms", "queue.buffering.max.ms", "message.max.bytes", "message.send.max.retries",
    "retries", "partitioner", "queue.buffering.max.kbytes", "queue.buffering.max.messages", "statistics.interval.ms",
    "socket.keepalive.enable", "socket.timeout.ms", "log_level", "debug",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How Faust reaches the brokers."""

    brokers: list[URL]
    credentials: Any  # credentials of faust.auth, or None for PLAINTEXT
    client_id: str | None
    compression: str | None


def connection(kafka: Mapping[str, str]) -> Connection:
    """Translate librdkafka's settings; raises `ConfigurationError` that names a setting without a counterpart.

    >>> connection({"bootstrap.servers": "a:9092,b"}).brokers
    [URL('taskerruns://a:9092'), URL('taskerruns://b:9092')]
    """
    for name in kafka:
        if name not in _TRANSLATED | _ONLY_FOR_PRODUCERS:
            raise ConfigurationError(f"The Kafka setting {name} is not supported by this worker: remove it.")
    compression = kafka.get("compression.type", "none")
    return Connection(
        brokers=[_broker(server.strip()) for server in kafka["bootstrap.servers"].split(",") if server.strip()],
        credentials=_credentials(kafka),
        client_id=kafka.get("client.id"),
        compression=None if compression in ("none", "inherit") else compression,
    )


def _broker(server: str) -> URL:
    address = server.partition("://")[2] or server  # librdkafka allows a protocol in front, which it then checks
    try:
        url = URL(f"{SCHEME}://{address}")
        return url if url.explicit_port else url.with_port(9092)
    except ValueError as error:
        raise ConfigurationError(f"bootstrap.servers: {server!r} is not host:port ({error}).") from error


def _credentials(kafka: Mapping[str, str]) -> Any:
    protocol = _one_of(kafka, "security.protocol", _PROTOCOLS, "PLAINTEXT")
    context = _ssl_context(kafka) if protocol.endswith("SSL") else None
    if not protocol.startswith("SASL"):
        return None if context is None else faust.SSLCredentials(context=context)
    name = "sasl.mechanism" if "sasl.mechanism" in kafka else "sasl.mechanisms"
    mechanism = _one_of(kafka, name, _MECHANISMS, "")
    for needed in ("sasl.username", "sasl.password"):
        if not kafka.get(needed):
            raise ConfigurationError(f"security.protocol {protocol} needs {needed}, which is not set.")
    return faust.SASLCredentials(
        username=kafka["sasl.username"], password=kafka["sasl.password"], ssl_context=context, mechanism=mechanism
    )


def _one_of(kafka: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = kafka.get(name, default).upper()
    if value not in choices:
        raise ConfigurationError(f"{name} is {value!r}; expected one of {', '.join(choices)}.")
    return value


def _ssl_context(kafka: Mapping[str, str]) -> ssl.SSLContext:
    authority = kafka.get("ssl.ca.location")
    many = authority is not None and Path(authority).is_dir()
    try:
        context = ssl.create_default_context(cafile=None if many else authority, capath=authority if many else None)
        if certificate := kafka.get("ssl.certificate.location"):
            # Without any password OpenSSL would ask the terminal for that of an encrypted key, and wait.
            password = kafka.get("ssl.key.password", "")
            context.load_cert_chain(certificate, kafka.get("ssl.key.location"), password)
    except OSError as error:  # ssl.SSLError is an OSError, too
        raise ConfigurationError(
            "The files named by ssl.ca.location, ssl.certificate.location, ssl.key.location cannot be used, "
            f"or ssl.key.password is wrong: {error}"
        ) from error
    # As librdkafka does, which asks the same brokers before: many a company's authority leaves out its fields.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    verify = _one_of(kafka, "enable.ssl.certificate.verification", ("TRUE", "FALSE"), "TRUE") == "TRUE"
    names = _one_of(kafka, "ssl.endpoint.identification.algorithm", ("HTTPS", "NONE"), "HTTPS") == "HTTPS"
    context.check_hostname = verify and names
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    return context
