"""Whether the settings of the topics keep what is written: the rules of a worker's start, for all topics."""

from collections.abc import Iterator, Mapping

from tasker_consumers.engine.preflight import changelog_topic
from tasker_consumers.kafka.topic_rules import Severity, TopicRole, check_topic, read_topic_settings
from tasker_consumers.tools.doctor.connection import Connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas.topics import all_topics, dead_letter_topic, event_topics

_VERDICTS = {Severity.REFUSED: Verdict.FAILED, Severity.WARNING: Verdict.WARNING}


def check_settings(connection: Connection, prefix: str, groups: Mapping[str, str]) -> Iterator[Finding]:
    """Yield each setting that loses records or makes figures less exact; `groups` are names of groups."""
    roles = topic_roles(prefix, groups)
    topics = read_topic_settings(connection.admin, roles)
    if topics is None:
        remedy = "give this login DescribeConfigs on the topics"
        yield Finding("settings", Verdict.WARNING, "the settings of the topics are not checked: no right", remedy)
        return
    findings = [finding for topic in topics for finding in check_topic(topic)]
    for finding in findings:
        detail = f"{finding.setting} is {finding.value}, expected {finding.expected}: {finding.reason}"
        name = f"settings {finding.topic}"
        yield Finding(name, _VERDICTS[finding.severity], detail, finding.command or "")
    if not findings:
        yield Finding("settings", Verdict.OK, f"retention, clean-up and times of {len(topics)} topics are right")


def topic_roles(prefix: str, groups: Mapping[str, str]) -> dict[str, TopicRole]:
    """Return the role of each topic of the system; topics of states belong to the groups."""
    roles = {topic.name: TopicRole.OUTPUT for topic in all_topics(prefix)}
    roles |= dict.fromkeys(event_topics(prefix), TopicRole.SOURCE)
    letters = dead_letter_topic("", prefix)
    roles |= {name: TopicRole.DEAD_LETTERS for name in roles if name.startswith(letters)}
    return roles | {changelog_topic(group): TopicRole.CHANGELOG for group in groups}
