"""A schema registry with Confluent's API, asked with nothing but the standard library.

A handful of questions is all that the system has, and a service that embeds the producer should not carry an HTTP
library for them.
"""

import base64
import json
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from opentelemetry import context

from tasker_schemas.avro.compatibility import COMPATIBILITY
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, STATS_WINDOW, TASK_STATS, Schema
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tasker_schemas.registry.settings import RegistrySettings
from tasker_schemas.topics import DEFAULT_PREFIX, event_topic, stats_topic, window_topic

TIMEOUT_S = 3.0  # a consumer's event loop may have to wait for the first answer
_MOST_BYTES = 1 << 20
_MAX_SCHEMA_ID = (1 << 32) - 1
_MEDIA = "application/vnd.schemaregistry.v1+json"
_REFUSED = {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
# Of a subject, a version, a schema, a subject's level. Other answers of 404 come from somebody who is no registry.
_MISSING = {40401, 40402, 40403, 40408}
_HINTS: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "is the path of the address right? ",
    HTTPStatus.UNAUTHORIZED: "is SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO right? ",
}
_STRICT_ENOUGH = {COMPATIBILITY, "FULL_TRANSITIVE"}
# The name that instrumentations look for: our own questions must not become spans of the service.
_UNTRACED = "suppress_instrumentation"


class IncompatibleSchema(ConfigurationError):
    """The registry does not accept a schema; the message says why."""


def subject_of(topic: str) -> str:
    """Return the subject of a topic's values (TopicNameStrategy).

    >>> subject_of("tasker.events.step")
    'tasker.events.step-value'
    """
    return f"{topic}-value"


def subjects(prefix: str = DEFAULT_PREFIX) -> dict[str, str]:
    """Return the subject of each record, that of the topic that holds it.

    >>> subjects("shop")["TaskStats"]
    'shop.stats.task-value'
    """
    topics = {record: event_topic(family, prefix) for family, record in RECORD_OF_FAMILY.items()}
    topics |= {TASK_STATS: stats_topic(prefix), STATS_WINDOW: window_topic(prefix)}
    return {record: subject_of(topic) for record, topic in topics.items()}


class SchemaRegistry:
    """Asks a registry; every method raises BackendUnavailable when it does not answer as a registry does.

    Of several addresses the first that answers is asked, and it is the first to be asked the next time.

    Raises ConfigurationError, when it is made, for certificates that cannot be read.
    """

    def __init__(self, settings: RegistrySettings) -> None:
        self._settings = settings
        self._opener = _opener(settings)
        self._addresses = settings.addresses

    def register(self, subject: str, schema: Schema) -> int:
        """Return the id of a schema under a subject, registered if it is new.

        A new schema also makes the registry check all later schemas against every version before them. Raises
        IncompatibleSchema if earlier versions forbid it.
        """
        try:
            return self.look_up(subject, schema)
        except LookupError:
            self.require_compatibility(subject)
            return self._schema_id(f"/subjects/{_quoted(subject)}/versions", schema.declared)

    def look_up(self, subject: str, schema: Schema) -> int:
        """Return the id of a schema that is registered under a subject; raise LookupError if it is not."""
        return self._schema_id(f"/subjects/{_quoted(subject)}", schema.declared)

    def schema(self, schema_id: int) -> dict[str, Any]:
        """Return the schema behind an id as JSON; raise LookupError for an unknown id and for another than Avro."""
        answer = self._ask("GET", f"/schemas/ids/{schema_id}")
        if answer.get("schemaType", "AVRO") != "AVRO":
            raise LookupError(f"schema {schema_id} is {answer['schemaType']}, not Avro")
        try:
            declared = json.loads(answer["schema"])
        except KeyError:
            raise self._no_answer(f"/schemas/ids/{schema_id}", "no schema in its answer") from None
        except (ValueError, TypeError, RecursionError) as error:
            raise LookupError(f"schema {schema_id} is no JSON: {error}") from error
        return declared if isinstance(declared, dict) else {"type": declared}

    def require_compatibility(self, subject: str) -> None:
        """Let the registry refuse whatever cannot read all earlier versions of a subject; a stricter level stays."""
        path = f"/config/{_quoted(subject)}"
        try:
            if self._ask("GET", path).get("compatibilityLevel") in _STRICT_ENOUGH:
                return
        except LookupError:
            pass
        self._ask("PUT", path, {"compatibility": COMPATIBILITY})

    def is_compatible(self, subject: str, declared: Mapping[str, Any]) -> bool:
        """Return whether the registry would accept a schema, given as JSON; true for an unknown subject."""
        try:
            answer = self._ask("POST", f"/compatibility/subjects/{_quoted(subject)}/versions", _body(declared))
        except LookupError:
            return True
        return bool(answer.get("is_compatible"))

    def _schema_id(self, path: str, declared: Mapping[str, Any]) -> int:
        schema_id = self._ask("POST", path, _body(declared)).get("id")
        if not isinstance(schema_id, int) or isinstance(schema_id, bool):
            raise self._no_answer(path, "no id in its answer")
        if not 0 <= schema_id <= _MAX_SCHEMA_ID:
            raise self._no_answer(path, f"its id {schema_id} does not fit into the four bytes of a record's frame")
        return schema_id

    def _no_answer(self, path: str, reason: str) -> BackendUnavailable:
        return _no_registry(self._addresses[0], path, reason)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        failures = []
        for address in self._addresses:
            try:
                answer = self._ask_at(address, method, path, body)
            except BackendUnavailable as error:
                failures.append(error)
            else:
                self._addresses = (address, *(a for a in self._addresses if a != address))
                return answer
        raise failures[0] if len(failures) == 1 else BackendUnavailable(" ".join(map(str, failures)))

    def _ask_at(self, address: str, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = Request(address + path, data=data, method=method)  # noqa: S310  http(s), checked before
        request.add_header("Accept", _MEDIA)
        request.add_header("Content-Type", _MEDIA)
        if self._settings.user_info:
            login = base64.b64encode(self._settings.user_info.encode()).decode()
            request.add_header("Authorization", f"Basic {login}")
        token = context.attach(context.set_value(_UNTRACED, True))
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                answer = json.loads(response.read(_MOST_BYTES))
        except HTTPError as error:
            with error:
                raise _error_of(error, address, path) from error
        except (URLError, OSError, HTTPException, ValueError, RecursionError) as error:
            raise _no_registry(address, path, str(error) or type(error).__name__) from error
        finally:
            context.detach(token)
        if not isinstance(answer, dict):
            raise _no_registry(address, path, "its answer is no JSON object")
        return answer


class _RedirectsWithoutLogin(HTTPRedirectHandler):
    """Follows redirects over HTTP; the login goes to the same scheme, host and port only."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        redirected = super().redirect_request(req, fp, code, msg, headers, newurl)
        if redirected is None:
            return None
        if redirected.type not in _DEFAULT_PORTS:
            raise HTTPError(newurl, code, f"a redirect to {redirected.type}:, which is not HTTP", headers, fp)
        if _origin(redirected.full_url) != _origin(req.full_url):
            redirected.remove_header("Authorization")
        return redirected


_DEFAULT_PORTS = {"http": 80, "https": 443}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _error_of(error: HTTPError, address: str, path: str) -> Exception:
    message = error.read(500).decode("utf-8", "replace")
    if error.code in _REFUSED:
        return IncompatibleSchema(f"the registry refuses {path}: {message}")
    if error.code == HTTPStatus.NOT_FOUND and _error_code(message) in _MISSING:
        return LookupError(f"{path}: {message}")
    hint = _HINTS.get(error.code, "")
    return _no_registry(address, path, f"HTTP {error.code}: {hint}{message}")


def _no_registry(address: str, path: str, reason: str) -> BackendUnavailable:
    return BackendUnavailable(f"SCHEMA_REGISTRY_URL={address} does not answer {path}: {reason.strip()}")


def _opener(settings: RegistrySettings) -> OpenerDirector:
    try:
        trusted = ssl.create_default_context(cafile=settings.ca_location or None)
        if settings.certificate_location:
            trusted.load_cert_chain(settings.certificate_location, settings.key_location or None, settings.key_password)
    except OSError as error:
        raise ConfigurationError(f"SCHEMA_REGISTRY_SSL_*: a certificate cannot be read: {error}") from error
    return build_opener(HTTPSHandler(context=trusted), _RedirectsWithoutLogin)


def _error_code(message: str) -> int | None:
    try:
        return int(json.loads(message)["error_code"])
    except (ValueError, KeyError, TypeError):
        return None


def _quoted(subject: str) -> str:
    return quote(subject, safe="")


def _body(declared: Mapping[str, Any]) -> dict[str, str]:
    return {"schema": json.dumps(declared), "schemaType": "AVRO"}
