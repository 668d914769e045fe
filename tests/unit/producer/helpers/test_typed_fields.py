"""The types of the helpers' keywords name the fields of the newest schemas, and nothing else."""

import pytest

from tasker_producer.helpers.typed_fields import (
    CommonFields,
    EventOptions,
    ObservabilityFields,
    StepFields,
    TaskFields,
    WaitingFields,
    WorkflowFields,
)
from tasker_producer.record.fields import PRODUCER_FIELDS
from tasker_schemas.catalogue import fields_of
from tasker_schemas.names import Family

CLASSES = {
    Family.CUSTOM: CommonFields,
    Family.TASK: TaskFields,
    Family.STEP: StepFields,
    Family.WORKFLOW: WorkflowFields,
    Family.OBSERVABILITY: ObservabilityFields,
}


@pytest.mark.parametrize("family", CLASSES)
def test_each_class_has_the_fields_of_its_record_and_the_options_of_a_call(family: Family) -> None:
    options = EventOptions.__annotations__.keys()
    assert CLASSES[family].__annotations__.keys() - options == fields_of(family) - PRODUCER_FIELDS - options


def test_a_waiting_event_has_its_own_keywords_beside_those_of_its_record() -> None:
    own = WaitingFields.__annotations__.keys() - ObservabilityFields.__annotations__.keys()
    assert own == {"waiting_for", "until", "silence_limit"}
