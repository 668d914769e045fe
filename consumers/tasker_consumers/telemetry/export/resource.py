"""The resource that spans belong to, as OpenTelemetry's variables describe it."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from urllib.parse import unquote

from tasker_schemas import environment
from tasker_schemas.errors import ConfigurationError

_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"


def resource_attributes(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes of the resource; a span whose events name their service replaces `service.name`.

    >>> resource_attributes({"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test"})["deployment.environment"]
    'test'

    Raises ConfigurationError for attributes that are not `name=value` pairs.
    """
    attributes = {"service.name": "tasker", "service.framework": "tasker"}
    for pair in filter(None, (pair.strip() for pair in (environment.text(environ, _ATTRIBUTES) or "").split(","))):
        name, equals, value = pair.partition("=")
        if not (name.strip() and equals):
            raise ConfigurationError(f"{_ATTRIBUTES} has {pair!r}; expected name=value,name=value.")
        attributes[name.strip()] = unquote(value.strip())
    if service := environment.text(environ, "OTEL_SERVICE_NAME"):
        attributes["service.name"] = service
    return attributes


def resource_of(attributes: Mapping[str, str], service: str, version: str) -> dict[str, str]:
    """Return the resource of spans whose events name this service and version, empty for none.

    >>> resource_of({"service.name": "tasker", "service.framework": "tasker"}, "shop", "1.2.3")
    {'service.name': 'shop', 'service.framework': 'tasker', 'service.version': '1.2.3'}
    """
    resource = dict(attributes)
    if service:
        resource["service.name"] = service
    if version:
        resource["service.version"] = version
    return resource


def version() -> str:
    """Return the version of this distribution."""
    try:
        return version_of("tasker-events")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
