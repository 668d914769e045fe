"""The rights of each program are those that docs/security.md lists."""

from pathlib import Path

from confluent_kafka.admin import AclOperation

from tasker_consumers.tools.doctor.right_checks import roles_of

PAGE = Path(__file__).parents[5] / "docs" / "security.md"
GROUPS = {
    "tasker-stats": "tasker run stats",
    "tasker-telemetry": "tasker run telemetry",
    "tasker-store": "tasker run store",
}


def test_the_producer_only_writes_and_the_tools_only_read() -> None:
    roles = {role.name: role for role in roles_of("tasker", GROUPS)}
    writing, reading = {AclOperation.WRITE, AclOperation.DESCRIBE}, {AclOperation.READ, AclOperation.DESCRIBE}
    assert set(map(frozenset, roles["producer"].topics.values())) == {frozenset(writing)}
    assert set(map(frozenset, roles["tasker stats"].topics.values())) == {frozenset(reading)}
    web = roles["tasker web"]
    assert set(web.topics.values()) == {frozenset(reading)}
    assert web.groups == dict.fromkeys(GROUPS, frozenset({AclOperation.DESCRIBE}))
    store = roles["tasker run store"].topics
    assert {name for name, rights in store.items() if AclOperation.WRITE in rights} == {"tasker.dlq.store"}
    assert all(AclOperation.READ in rights for rights in store.values())
    assert "tasker.stats.window" not in store
    assert roles["tasker run stats"].groups == {"tasker-stats": frozenset({AclOperation.READ})}


def test_each_program_and_topic_is_in_the_documentation() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for role in roles_of("tasker", GROUPS):
        assert role.name.partition(",")[0] in page, role.name
        for topic in role.topics:
            assert topic in page or topic.startswith("tasker.events."), topic
        for group in role.groups:
            assert group in page
