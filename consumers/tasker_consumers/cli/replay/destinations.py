"""Brings replayed records to the target that the options name."""

# ruff: noqa: PLC0415  only the libraries of the named target are loaded

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tasker_consumers.cli.replay.targets import TargetOptions

if TYPE_CHECKING:
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.replay.selection.selection import Selection
    from tasker_consumers.settings import ConsumerSettings


def send_to_target(
    settings: "ConsumerSettings", selection: "Selection", records: "Iterable[StoredRecord]", target: TargetOptions
) -> int:
    """Bring the records to the target, without a target to standard output, and return their number."""
    from tasker_consumers.cli.records.decoding import open_decoder
    from tasker_consumers.cli.replay.output import print_records, write_file
    from tasker_consumers.replay.pacing import Pace, read_rate, read_speed

    speed = None if target.speed is None else read_speed(target.speed)
    pace = Pace(speed, None if target.at_most is None else read_rate(target.at_most))
    if target.to_file is not None:
        return write_file(records, target.to_file)
    if target.to_otlp:
        from tasker_consumers.cli.replay.otlp import export_spans

        return export_spans(records, settings, yes=target.yes)
    if target.publishes:
        from tasker_consumers.cli.replay.publishing import publish

        return publish(settings, selection, records, target, pace)
    if target.call is not None:
        from tasker_consumers.cli.replay.calling import call_for_records

        return call_for_records(records, target, pace, open_decoder(settings))
    return print_records(pace.paced(records), open_decoder(settings))
