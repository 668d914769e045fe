"""The settings of topics, checked before a worker starts."""

import logging
from collections.abc import Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tasker_consumers.kafka.topic_rules import Severity, TopicRole, check_topic, read_topic_settings
from tasker_schemas.errors import BackendUnavailable, ConfigurationError


def checked_settings(
    admin: AdminClient, roles: Mapping[str, TopicRole], logger: logging.Logger
) -> Mapping[str, Mapping[str, str]]:
    """Refuse topics whose settings lose data, warn of others, and return the settings by topic as far as known.

    Warnings go to `logger`, which is the program's. Raises ConfigurationError, which names the remedies, and
    BackendUnavailable when Kafka does not answer.
    """
    try:
        topics = read_topic_settings(admin, roles)
    except KafkaException as error:
        raise BackendUnavailable(f"Kafka does not tell the settings of its topics: {error.args[0].str()}.") from error
    if topics is None:
        logger.warning("The settings of the topics are not checked: the right DescribeConfigs is missing")
        return {}
    findings = [finding for topic in topics for finding in check_topic(topic)]
    if refused := [str(finding) for finding in findings if finding.severity is Severity.REFUSED]:
        raise ConfigurationError("; ".join(refused))
    for finding in findings:
        logger.warning("%s", finding)
    return {topic.name: topic.config for topic in topics}
