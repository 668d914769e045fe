"""Items as OTLP's requests for their export, in bytes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic

from tasker_consumers.telemetry.export.exporter import Item
from tasker_consumers.telemetry.export.protobuf import attributes, field, text, varint
from tasker_consumers.telemetry.export.resource import resource_of

ITEM = b"\x12"  # tag of a span or log record among those of its scope
REQUEST_BYTES = 1 << 20  # gRPC servers take 4 MiB unless told otherwise

_MAX_RESOURCES = 1000

ResourceAttributes = Mapping[str, str]
Service = tuple[str, str]
"""Name and version of the service that an item's events name, empty where they name none."""


class RequestEncoder(Generic[Item]):
    """Writes export requests; keeps the parts that are the same in all requests.

    `resource` holds the attributes of all items, `encode` writes the field of an item, with its tag and size. The
    service that an item's events name replaces `service.name`, and their version replaces `service.version`: two
    versions of a service are two resources.
    """

    def __init__(self, resource: ResourceAttributes, scope_version: str, encode: Callable[[Item], bytes]) -> None:
        self._resource = dict(resource)
        self._encode = encode
        self._scope = field(b"\x0a", text(b"\x0a", "tasker_consumers.telemetry") + text(b"\x12", scope_version))
        self._resources: dict[Service, bytes] = {}

    def requests(self, items: Sequence[Item], limit: int = REQUEST_BYTES) -> Iterator[tuple[bytes, Sequence[Item]]]:
        """Yield requests of about `limit` bytes, each with the items that are in it."""
        start, size, by_service = 0, 0, dict[Service, list[bytes]]()
        for position, item in enumerate(items):
            encoded = self._encode(item)
            if size and size + len(encoded) > limit:
                yield self._request(by_service), items[start:position]
                start, size, by_service = position, 0, {}
            size += len(encoded)
            by_service.setdefault((item.service, item.version), []).append(encoded)
        if by_service:
            yield self._request(by_service), items[start:]

    def _request(self, by_service: Mapping[Service, list[bytes]]) -> bytes:
        """Return an `ExportTraceServiceRequest`, or that for logs with the same fields: a resource for each service."""
        parts: list[bytes] = []
        for service, encoded in by_service.items():
            within = sum(map(len, encoded), len(self._scope))
            before = self._resource_of(service) + b"\x12" + varint(within)
            parts += [b"\x0a", varint(len(before) + within), before, self._scope, *encoded]
        return b"".join(parts)  # once: a request is large, and each copy of it costs as much as some of its items

    def _resource_of(self, service: Service) -> bytes:
        encoded = self._resources.get(service)
        if encoded is None:
            if len(self._resources) >= _MAX_RESOURCES:  # a name made of an id must not fill the memory
                self._resources.clear()
            encoded = self._resources[service] = field(
                b"\x0a", attributes(b"\x0a", resource_of(self._resource, *service))
            )
        return encoded
