"""Formats a node's storage, which Kafka demands before the first start.

Kafka's own tool does it, but it needs a second Java for 0.7 s to write two small files that differ in their
ids only. So its result is kept in the cache, and each node gets a copy with ids of its own.
"""

import base64
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from tasker_consumers.embedded.settings import as_properties, node_settings
from tasker_schemas.errors import BackendUnavailable

_IDENTITY = "meta.properties"  # ids; a node with this file is formatted
_FEATURES = "bootstrap.checkpoint"  # the feature levels that a new cluster begins with


def format_storage(records: Path, java: Sequence[str], template: Path) -> None:
    """Prepare the directory `records` for a node of a new cluster; a prepared directory stays as it is.

    `java` is the command up to the main class; `template` the cached result, made if it is missing.
    """
    if (records / _IDENTITY).exists():
        return
    if not (template / _IDENTITY).exists():
        _make_template(template, java)
    records.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template / _FEATURES, records / _FEATURES)
    (records / _IDENTITY).write_text(with_new_ids((template / _IDENTITY).read_text()))


def with_new_ids(properties: str) -> str:
    r"""Return the node's identity with a new cluster id and a new directory id.

    >>> lines = with_new_ids("node.id=1\ncluster.id=old\ndirectory.id=old\n").splitlines()
    >>> lines[0], len(lines[1]) - len("cluster.id="), lines[1].removeprefix("cluster") == lines[2]
    ('node.id=1', 22, False)
    """
    lines = [line.split("=", 1) for line in properties.splitlines() if "=" in line]
    return "".join(f"{name}={new_id() if name in ('cluster.id', 'directory.id') else value}\n" for name, value in lines)


def new_id() -> str:
    """Return a random id in Kafka's form: a UUID in 22 URL-safe characters, never beginning with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        if not text.startswith("-"):
            return text


def _make_template(template: Path, java: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(dir=template.parent, prefix=f"{template.name}.") as scratch:
        staging = Path(scratch) / "records"
        settings = node_settings(bind="127.0.0.1", reached_at="127.0.0.1", port=9092, controller_port=9093)
        file = Path(scratch) / "server.properties"
        file.write_text(as_properties({**settings, "log.dirs": str(staging)}))
        tool = [*java, "kafka.tools.StorageTool", "format", "--cluster-id", new_id(), "--config", str(file)]
        ended = subprocess.run(tool, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise BackendUnavailable(f"Kafka's storage could not be formatted:\n{ended.stdout}{ended.stderr}")
        if not template.exists():
            try:
                staging.rename(template)
            except OSError:  # another process put its own there in this very moment; both are as good
                return
