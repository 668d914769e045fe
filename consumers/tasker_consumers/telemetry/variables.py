"""The telemetry group's own variables, with those that a file holds put in their place."""

import re
from collections.abc import Mapping

from tasker_schemas.environment import text

# Other variables of OpenTelemetry end in _FILE, too, and are no values to read.
_IN_A_FILE = re.compile(r"((?:TASKER_TELEMETRY|OTEL_EXPORTER_(?:OTLP|ZIPKIN))_[A-Z_]+)_FILE")


def with_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with the text of a file for each `NAME_FILE` of the telemetry group and its exporters.

    A secret such as the API key in `OTEL_EXPORTER_OTLP_HEADERS` need not be in the environment. Raises
    ConfigurationError for a file that cannot be read, and for a variable that is given in both forms.

    >>> with_files({"TASKER_TELEMETRY_FILE": "spans.jsonl"})
    {'TASKER_TELEMETRY_FILE': 'spans.jsonl'}
    """
    names = [match[1] for match in map(_IN_A_FILE.fullmatch, environ) if match]
    values = {name: value for name, value in environ.items() if _IN_A_FILE.fullmatch(name) is None}
    return values | {name: value for name in names if (value := text(environ, name)) is not None}
