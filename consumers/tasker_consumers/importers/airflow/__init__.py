"""DAG runs of Airflow as events."""

from tasker_consumers.importers.airflow.dag_runs import read

__all__ = ["read"]
