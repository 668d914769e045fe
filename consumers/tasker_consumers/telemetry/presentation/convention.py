"""The conventions that names and attributes of spans can follow."""

from collections.abc import Mapping
from enum import StrEnum

from tasker_schemas import environment
from tasker_schemas.environment import choice
from tasker_schemas.errors import ConfigurationError

CONVENTION = "TASKER_SPAN_CONVENTION"
OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST_GEN_AI = "gen_ai_latest_experimental"


class Convention(StrEnum):
    """A convention for names and attributes; ids, parents, times, counts and status are the same under each."""

    TASKER = "tasker"  # as users of Tasker know them
    CICD = "cicd"  # OpenTelemetry's for pipelines
    GEN_AI = "gen_ai"  # OpenTelemetry's for generative AI, whose status is Development


def convention_of(environ: Mapping[str, str]) -> Convention:
    """Read `TASKER_SPAN_CONVENTION`.

    Raises ConfigurationError for another value, and for `gen_ai` without the opt-in that OpenTelemetry asks for.
    """
    convention = choice(environ, CONVENTION, tuple(Convention), Convention.TASKER)
    opted_in = {name.strip() for name in (environment.text(environ, OPT_IN) or "").split(",")}
    if convention is Convention.GEN_AI and LATEST_GEN_AI not in opted_in:
        raise ConfigurationError(
            f"{CONVENTION} is gen_ai, whose names may still change; expected {LATEST_GEN_AI} in {OPT_IN} with it."
        )
    return convention
