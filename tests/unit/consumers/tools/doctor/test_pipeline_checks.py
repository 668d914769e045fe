"""The checks that need no broker: a sample task on its way through the publisher and both folds."""

import pytest

from tasker_consumers.tools.doctor.finding import Verdict
from tasker_consumers.tools.doctor.pipeline_checks import check_pipeline
from tasker_schemas.errors import ConfigurationError


def test_a_sample_task_becomes_events_spans_and_statistics() -> None:
    publisher, subscriber = check_pipeline({"TASKER_SERVICE_NAME": "shop"})
    assert (publisher.verdict, subscriber.verdict) == (Verdict.OK, Verdict.OK)
    assert publisher.detail == "service shop, 5 events made; secrets are masked"
    assert subscriber.detail == "the sample task is 3 spans and 1 complete step"


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ConfigurationError, match="TASKER_SPOOL_MAX_BYTES"):
        list(check_pipeline({"TASKER_SPOOL_MAX_BYTES": "much"}))
