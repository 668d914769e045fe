"""The dashboard of the store."""

from monitoring.panels import RATE, Dashboard, Panel, quantile

STORE = Dashboard(
    "tasker-store",
    "Tasker Events: store",
    (
        Panel(
            "Rows",
            "Rows per second that were new or changed, and that were too old to be written.",
            {
                "stored": f"sum(rate(tasker_store_rows_total{RATE}))",
                "too old": f"sum(rate(tasker_store_expired_rows_total{RATE}))",
            },
            "ops",
        ),
        Panel(
            "Database",
            "1 while the database takes the rows of a worker.",
            {"{{instance}}": "min by (instance) (tasker_store_database_up)"},
        ),
        Panel(
            "Duration of transactions",
            "The time that half, and 99 in 100 stay below.",
            {
                "p50": quantile(0.5, "tasker_store_write_seconds", "job"),
                "p99": quantile(0.99, "tasker_store_write_seconds", "job"),
            },
            "s",
        ),
        Panel(
            "Retention",
            "Rows and days that were removed, per hour.",
            {"removed": "sum(increase(tasker_store_pruned_rows_total[1h]))"},
        ),
        Panel(
            "Lag of the store",
            "Records that the database does not have yet, by topic.",
            {"{{topic}}": 'sum by (topic) (tasker_engine_lag_records{job="tasker-store"})'},
        ),
    ),
)
