"""Writes Strimzi's objects, from the topics' files and the documented ACLs: `python -m` and the name of this module."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tasker_schemas.topics import DEFAULT_PARTITIONS, DEFAULT_PREFIX, all_topics
from tests.support.kafka.secured import SECURITY_PAGE, documented_acls
from tests.support.kubernetes.render import K8S

FOLDER = K8S / "components" / "strimzi"
CLUSTER = "tasker"
_HEAD = "# `python -m tests.support.kubernetes.strimzi` writes this file, from {source}.\n"


def generated() -> dict[str, str]:
    """Return the text of each generated file, by its name in the component."""
    return {
        "topics.yaml": _text(
            "schemas/tasker_schemas/topics", [_topic(t.name, t.config) for t in all_topics(DEFAULT_PREFIX)]
        ),
        "users.yaml": _text("docs/security.md", [_user(role) for role in roles()]),
    }


def roles() -> list[str]:
    """Return the users that the documentation gives rights to, each once, in its order."""
    return list(dict.fromkeys(re.findall(r"User:(tasker-[a-z]+) ", SECURITY_PAGE.read_text(encoding="utf-8"))))


def _text(source: str, objects: list[dict[str, Any]]) -> str:
    return _HEAD.format(source=source) + "---\n".join(yaml.safe_dump(o, sort_keys=False) for o in objects)


def _topic(name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {"partitions": DEFAULT_PARTITIONS, "replicas": 3, "config": dict(config)},
    }


def _user(role: str) -> dict[str, Any]:
    operations: dict[tuple[str, str, str], list[str]] = {}
    for acl in documented_acls(role, role, DEFAULT_PREFIX):
        pattern = "prefix" if acl.resource_pattern_type.name == "PREFIXED" else "literal"
        resource = (_camel(acl.restype.name, first="lower"), acl.name, pattern)
        operations.setdefault(resource, []).append(_camel(acl.operation.name))
    acls = [
        {"resource": {"type": kind, "name": name, "patternType": pattern}, "operations": allowed}
        for (kind, name, pattern), allowed in operations.items()
    ]
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": {"name": role, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": acls}},
    }


def _camel(name: str, first: str = "upper") -> str:
    text = "".join(word.capitalize() for word in name.split("_"))
    return text if first == "upper" else text[0].lower() + text[1:]


if __name__ == "__main__":
    for file, content in generated().items():
        (FOLDER / file).write_text(content, encoding="utf-8")
