"""Where an application keeps its states."""

from pathlib import Path

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.faust.consumer import RunSchema
from tasker_consumers.engine.faust.table import RunTable
from tasker_consumers.engine.preflight import CHANGELOG_CONFIG, STORE_MAX_AGE_S, Topology
from tasker_consumers.engine.processor import Index
from tasker_consumers.engine.state.index import Indexing
from tasker_consumers.engine.state.restoring import Progress
from tasker_consumers.engine.state.rocks_store import open_store
from tasker_consumers.engine.state.scans import Scans


def add_states(app: EngineApp, index: Index | None, store_kind: str, topology: Topology, state_dir: Path) -> None:
    """Give the application its table, its store below `state_dir`, and the index over it."""
    store = open_store(
        store_kind,
        state_dir / "states",
        changelog=topology.changelog_id,
        max_age_s=STORE_MAX_AGE_S,
        on_damage=app.restore,
    )
    app.table = RunTable(
        app,
        store=store,
        indexing=Indexing(index, store),
        progress=Progress(app.metrics),
        name="states",
        partitions=topology.partitions,
        schema=RunSchema(),
        extra_topic_configs=CHANGELOG_CONFIG,
    )
    app.tables.add(app.table)
    app.scans = Scans(store)
