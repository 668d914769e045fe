"""Decoding of records with the registry of the settings."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Avro

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasker_consumers.replay.selection.selection import Matcher, Selection
    from tasker_consumers.settings import ConsumerSettings
    from tasker_schemas.avro.codec import Decoder


def open_decoder(settings: "ConsumerSettings") -> "Decoder":
    """Return a decoder that finds schemas in the registry, if the settings name a registry."""
    from tasker_schemas.avro.codec import Decoder
    from tasker_schemas.registry.lookup import open_lookup

    return Decoder(open_lookup(settings.registry))


def matcher_of(selection: "Selection", decoder: "Decoder") -> "Matcher":
    """Return the matcher of a selection; it decodes a record only if headers do not suffice."""
    from tasker_consumers.replay.payload import decode
    from tasker_consumers.replay.selection.selection import Matcher

    return Matcher(selection, lambda record: decode(record, decoder))
