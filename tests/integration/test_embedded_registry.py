"""The embedded schema registry, run for real."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

from tasker_consumers.embedded import EmbeddedRegistry, Login, WebSource
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_schemas.avro.versions import latest
from tasker_schemas.errors import BackendUnavailable
from tasker_schemas.registry.client import SchemaRegistry
from tasker_schemas.registry.settings import RegistrySettings
from tests.support.processes import LIMIT_S

LOGIN = Login(user="alice", password=r"s3:c=r t\x@")


def record(**fields: str) -> Schema:
    """Return the schema of a record with these fields, none of them with a default."""
    declared = [{"name": name, "type": kind} for name, kind in fields.items()]
    return Schema(json.dumps({"type": "record", "name": "Example", "fields": declared}), "AVRO")


@pytest.fixture
def client(registry: WebSource) -> Iterator[SchemaRegistryClient]:
    with SchemaRegistryClient({"url": registry.url}) as client:
        yield client


def test_a_schema_is_found_again_by_the_id_it_was_given(client: SchemaRegistryClient, topic_prefix: str) -> None:
    given = client.register_schema(topic_prefix, record(task_id="string"))
    found = json.loads(client.get_schema(given).schema_str or "")
    assert [field["name"] for field in found["fields"]] == ["task_id"]


def test_an_incompatible_version_is_refused_as_a_conflict(client: SchemaRegistryClient, topic_prefix: str) -> None:
    client.register_schema(topic_prefix, record(task_id="string"))
    client.set_compatibility(topic_prefix, "BACKWARD_TRANSITIVE")
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema(topic_prefix, record(task_id="string", added="int"))
    assert refused.value.http_status_code == 409


def test_schemas_and_their_ids_survive_that_the_registry_is_killed(own_registry: EmbeddedRegistry) -> None:
    names = [f"kept-{number}" for number in range(5)]
    with SchemaRegistryClient({"url": own_registry.url}) as before:
        given = {before.register_schema(name, record(**{f"of_{name[-1]}": "string"})): name for name in names}
    own_registry.kill()
    own_registry.start()
    with SchemaRegistryClient({"url": own_registry.url}) as after:
        assert {after.get_latest_version(name).schema_id: name for name in names} == given


@pytest.fixture(scope="module")
def guarded_registry() -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry(login=LOGIN) as server:
        yield server


def test_a_registry_with_a_login_lets_its_user_in(guarded_registry: EmbeddedRegistry, topic_prefix: str) -> None:
    known = {"url": guarded_registry.url, "basic.auth.user.info": f"{LOGIN.user}:{LOGIN.password}"}
    with SchemaRegistryClient(known) as client:
        client.register_schema(topic_prefix, record(task_id="string"))
        assert topic_prefix in client.get_subjects()


def test_a_registry_with_a_login_answers_nobody_else(guarded_registry: EmbeddedRegistry) -> None:
    with SchemaRegistryClient({"url": guarded_registry.url}) as stranger, pytest.raises(SchemaRegistryError) as refused:
        stranger.get_subjects()
    assert refused.value.http_status_code == 401


def test_a_registry_with_a_login_gives_ids_to_its_user_only(
    guarded_registry: EmbeddedRegistry, topic_prefix: str
) -> None:
    url = guarded_registry.url
    login = f"{LOGIN.user}:{quote(LOGIN.password, safe='')}"
    named = RegistrySettings.from_env({"SCHEMA_REGISTRY_URL": url.replace("http://", f"http://{login}@")})
    assert named is not None
    assert RegistryFrames(named, topic_prefix).wait(LIMIT_S)
    with pytest.raises(BackendUnavailable, match="HTTP 401: is SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO right"):
        SchemaRegistry(RegistrySettings(url=url)).register(topic_prefix, latest("StepEvent"))


def test_the_password_is_readable_by_its_owner_only(guarded_registry: EmbeddedRegistry) -> None:
    properties = guarded_registry.data_dir / "registry.properties"
    assert "s3:c" in properties.read_text()
    assert properties.stat().st_mode & 0o077 == 0
    told = Path(f"/proc/{guarded_registry.pid}/cmdline")
    assert not told.exists() or b"s3:c" not in told.read_bytes()
    assert LOGIN.password not in repr(LOGIN)
