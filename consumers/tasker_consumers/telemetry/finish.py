"""What a span goes through before it leaves: secrets out, then OpenTelemetry's limits."""

from collections.abc import Mapping
from typing import Any, cast

from tasker_consumers.telemetry.limits import Limits
from tasker_consumers.telemetry.span import Attributes, AttributeValue, Span
from tasker_producer.masking import Decision, Masker
from tasker_producer.settings import ProducerSettings


class Finisher:
    """Masks and limits spans; masking comes first, so that no cut hides the name of a secret from it."""

    def __init__(self, masker: Masker, limits: Limits) -> None:
        self._masker = masker
        self._limits = limits

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Finisher":
        """Read `TASKER_FILTER_PARAMETERS`, `TASKER_FILTER_MASK` and OpenTelemetry's limits.

        Raises ConfigurationError for a value that cannot work.
        """
        settings = ProducerSettings.from_env(environ)
        return cls(Masker(settings.filter_parameters, settings.filter_mask), Limits.from_env(environ))

    def finished(self, span: Span) -> Span:
        """Return the span as it may leave this process."""
        return self._limits.applied(self._masked(span))

    def _masked(self, span: Span) -> Span:
        scrub = self._masker.scrub
        return span._replace(
            message=scrub(span.message) if span.message else "",
            attributes=self._attributes(span.attributes),
            events=[e._replace(attributes=self._attributes(e.attributes)) if e.attributes else e for e in span.events],
        )

    def _attributes(self, attributes: Attributes) -> Attributes:
        decide = self._masker.decide
        return {
            name: self._value(name, value) if value.__class__ in _TEXTS or decide(name) is not Decision.SHOW else value
            for name, value in attributes.items()
        }

    def _value(self, name: str, value: AttributeValue) -> AttributeValue:
        if self._masker.hides((name,), value):
            return self._masker.mask
        if isinstance(value, str):
            return self._masker.scrub(value)
        if isinstance(value, list):
            return [self._masker.scrub(item) for item in cast("list[Any]", value)]
        return value


_TEXTS = (str, list)
