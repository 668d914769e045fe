"""A schema registry with Confluent's API, asked with nothing but the standard library.

Four questions are all that the system has, and a service that embeds the producer should not carry an HTTP library
for them; nor is there anything here that an instrumentation of such libraries could trace.
"""

import base64
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPSHandler, OpenerDirector, Request, build_opener

from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tasker_schemas.schemas import Schema

COMPATIBILITY = "BACKWARD_TRANSITIVE"
TIMEOUT_S = 10.0
_MEDIA = "application/vnd.schemaregistry.v1+json"
_MISSING = {HTTPStatus.NOT_FOUND}
_REFUSED = {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}


class IncompatibleSchema(ConfigurationError):
    """The registry does not accept a schema; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """Where the registry is and who we are there."""

    url: str
    user_info: str = field(default="", repr=False)  # user:password
    ca_location: str = ""
    certificate_location: str = ""
    key_location: str = ""
    auto_register: bool = True

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "RegistrySettings | None":
        """Read `SCHEMA_REGISTRY_*`; None where no registry is named.

        Raises ConfigurationError for an address that is none, and for a flag that is none.
        """
        url = variables.get("SCHEMA_REGISTRY_URL", "").rstrip("/")
        if not url:
            return None
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc:
            raise ConfigurationError(f"SCHEMA_REGISTRY_URL={url!r} is no address like https://registry:8081")
        register = variables.get("SCHEMA_REGISTRY_AUTO_REGISTER", "true").lower()
        if register not in {"true", "false"}:
            raise ConfigurationError(f"SCHEMA_REGISTRY_AUTO_REGISTER={register!r} is neither true nor false")
        return cls(
            url=url,
            user_info=variables.get("SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO", ""),
            ca_location=variables.get("SCHEMA_REGISTRY_SSL_CA_LOCATION", ""),
            certificate_location=variables.get("SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION", ""),
            key_location=variables.get("SCHEMA_REGISTRY_SSL_KEY_LOCATION", ""),
            auto_register=register == "true",
        )


def subject_of(topic: str) -> str:
    """Return the subject of a topic's values (TopicNameStrategy).

    >>> subject_of("tasker.events.step")
    'tasker.events.step-value'
    """
    return f"{topic}-value"


class SchemaRegistry:
    """Asks one registry; every method raises BackendUnavailable when it does not answer as a registry does."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._settings = settings

    def register(self, subject: str, schema: Schema) -> int:
        """Return the id of a schema under a subject, registered if it is new.

        Raises IncompatibleSchema if earlier versions forbid it.
        """
        return int(self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", _body(schema))["id"])

    def look_up(self, subject: str, schema: Schema) -> int:
        """Return the id of a schema that is registered under a subject; raise LookupError if it is not."""
        return int(self._ask("POST", f"/subjects/{quote(subject, safe='')}", _body(schema))["id"])

    def schema(self, schema_id: int) -> dict[str, Any]:
        """Return the schema behind an id as JSON; raise LookupError for an unknown id."""
        declared = json.loads(self._ask("GET", f"/schemas/ids/{schema_id}")["schema"])
        return declared if isinstance(declared, dict) else {"type": declared}

    def versions(self, subject: str) -> list[int]:
        """Return the versions of a subject; none for an unknown one."""
        try:
            return [int(number) for number in self._ask("GET", f"/subjects/{quote(subject, safe='')}/versions")]
        except LookupError:
            return []

    def require_compatibility(self, subject: str) -> None:
        """Let the registry refuse whatever cannot read all earlier versions of a subject."""
        self._ask("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": COMPATIBILITY})

    def is_compatible(self, subject: str, schema: Schema) -> bool:
        """Return whether a schema can read all versions of a subject; true for an unknown subject."""
        path = f"/compatibility/subjects/{quote(subject, safe='')}/versions"
        try:
            return bool(self._ask("POST", path, _body(schema))["is_compatible"])
        except LookupError:
            return True

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._settings.url + path, data=data, method=method)  # noqa: S310  http(s), checked before
        request.add_header("Accept", _MEDIA)
        request.add_header("Content-Type", _MEDIA)
        if self._settings.user_info:
            login = base64.b64encode(self._settings.user_info.encode()).decode()
            request.add_header("Authorization", f"Basic {login}")
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise self._meaning(error, path) from error
        except (URLError, OSError, ValueError) as error:
            raise BackendUnavailable(f"SCHEMA_REGISTRY_URL={self._settings.url}: {path}: {error}") from error

    def _meaning(self, error: HTTPError, path: str) -> Exception:
        said = error.read(500).decode("utf-8", "replace")
        if error.code in _MISSING:
            return LookupError(f"{path}: {said}")
        if error.code in _REFUSED:
            return IncompatibleSchema(f"the registry refuses {path}: {said}")
        return BackendUnavailable(f"SCHEMA_REGISTRY_URL={self._settings.url}: {path}: HTTP {error.code}: {said}")

    @cached_property
    def _opener(self) -> OpenerDirector:
        settings = self._settings
        try:
            context = ssl.create_default_context(cafile=settings.ca_location or None)
            if settings.certificate_location:
                context.load_cert_chain(settings.certificate_location, settings.key_location or None)
        except OSError as error:
            raise ConfigurationError(f"SCHEMA_REGISTRY_SSL_*: a certificate cannot be read: {error}") from error
        return build_opener(HTTPSHandler(context=context))


def _body(schema: Schema) -> dict[str, str]:
    return {"schema": json.dumps(schema.declared), "schemaType": "AVRO"}
