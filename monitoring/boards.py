"""The dashboards: overview, producer, statistics, telemetry, store, errors, lag and pauses."""

from monitoring.panels import RATE as _RATE
from monitoring.panels import Dashboard, Panel
from monitoring.panels import quantile as _quantile
from monitoring.store_board import STORE

_WORKERS = '{job=~"tasker-.+"}'


_EVENTS = Panel(
    "Events folded",
    "Records per second that each group has folded into its states.",
    {"{{job}}": f"sum by (job) (rate(tasker_engine_records_total{_WORKERS}{_RATE}))"},
    "ops",
)
_LAG = Panel(
    "Lag",
    "Records on the topics that a group has not committed yet.",
    {"{{job}}": f"sum by (job) (tasker_engine_lag_records{_WORKERS})"},
)
_WORKERS_UP = Panel(
    "Workers",
    "Workers of each group that answer.",
    {"{{job}}": f"sum by (job) (up{_WORKERS})"},
)
_PAUSED = Panel(
    "Time without reading",
    "Share of a worker's time that rebalances and the restoring of states took.",
    {
        "{{instance}} {{reason}}": "sum by (instance, reason) "
        f"(rate(tasker_engine_paused_seconds_total{_WORKERS}{_RATE}))"
    },
    "percentunit",
)
_FAILED = Panel(
    "Tasks that ended with an error",
    "Per second, by task name.",
    {"{{task_name}}": f'sum by (task_name) (rate(tasker_stats_tasks_ended_total{{outcome="error"}}{_RATE}))'},
    "ops",
)
_BACKEND = Panel(
    "Trace backend",
    "1 while the backend takes spans of a worker.",
    {"{{instance}}": "min by (instance) (tasker_telemetry_backend_up)"},
)
_DEAD = Panel(
    "Dead letters",
    "Records per hour that a group could not read, by reason.",
    {
        "{{job}} {{topic}} {{reason}}": "sum by (job, topic, reason) "
        f"(increase(tasker_engine_poison_records_total{_WORKERS}[1h]))"
    },
)
_OPEN = Panel(
    "Open tasks",
    "Tasks that have not ended, as the statistics know them.",
    {"open": "sum(tasker_stats_open_tasks)"},
)
_MEMORY = Panel(
    "Memory",
    "Resident memory of each worker.",
    {"{{instance}}": f"process_resident_memory_bytes{_WORKERS}"},
    "bytes",
)
_CPU = Panel(
    "Processor time",
    "Cores that each worker uses; a worker that stays near 1 needs a partner.",
    {"{{instance}}": f"rate(process_cpu_seconds_total{_WORKERS}{_RATE})"},
)

OVERVIEW = Dashboard(
    "tasker-overview",
    "Tasker Events: overview",
    (_EVENTS, _LAG, _WORKERS_UP, _FAILED, _OPEN, _BACKEND, _DEAD, _CPU, _MEMORY),
)

PRODUCER = Dashboard(
    "tasker-producer",
    "Tasker Events: producer",
    (
        Panel(
            "Published",
            "Events per second that publish calls accepted, by service.",
            {"{{service_name}}": f"sum by (service_name) (rate(tasker_producer_published_total{_RATE}))"},
            "ops",
        ),
        Panel(
            "Delivered",
            "Events per second that Kafka has acknowledged.",
            {"{{service_name}}": f"sum by (service_name) (rate(tasker_producer_delivered_total{_RATE}))"},
            "ops",
        ),
        Panel(
            "Dropped",
            "Events per hour that were given up, by reason: none of them reaches a topic.",
            {
                "{{service_name}} {{reason}}": "sum by (service_name, reason) "
                "(increase(tasker_producer_dropped_total[1h]))"
            },
        ),
        Panel(
            "Queued",
            "Events in memory on their way to Kafka.",
            {"{{service_name}}": "sum by (service_name) (tasker_producer_queued)"},
        ),
        Panel(
            "Spooled",
            "Events that wait on disk and in memory, because Kafka does not take them.",
            {"{{service_name}}": "sum by (service_name) (tasker_producer_spooled)"},
        ),
    ),
)

STATS = Dashboard(
    "tasker-stats",
    "Tasker Events: statistics",
    (
        Panel(
            "Tasks that ended",
            "Per second, by outcome.",
            {"{{outcome}}": f"sum by (outcome) (rate(tasker_stats_tasks_ended_total{_RATE}))"},
            "ops",
        ),
        Panel(
            "Steps that ended",
            "Per second, by step name.",
            {"{{step_name}}": f"sum by (step_name) (rate(tasker_stats_steps_ended_total{_RATE}))"},
            "ops",
        ),
        Panel(
            "Retries of steps",
            "Attempts beyond the first, per second.",
            {"{{step_name}}": f"sum by (step_name) (rate(tasker_stats_step_retries_total{_RATE}))"},
            "ops",
        ),
        Panel(
            "Duration of tasks",
            "The time that half, and 95 in 100 tasks stay below, by task name.",
            {
                "{{task_name}} p50": _quantile(0.5, "tasker_stats_task_duration_seconds", "task_name"),
                "{{task_name}} p95": _quantile(0.95, "tasker_stats_task_duration_seconds", "task_name"),
            },
            "s",
        ),
        Panel(
            "Duration of steps",
            "The time that 95 in 100 steps stay below, by step name.",
            {"{{step_name}} p95": _quantile(0.95, "tasker_stats_step_duration_seconds", "step_name")},
            "s",
        ),
        _OPEN,
        Panel(
            "Silent tasks",
            "Tasks per hour that were given up for their silence.",
            {"abandoned": "sum(increase(tasker_stats_tasks_abandoned_total[1h]))"},
        ),
        Panel(
            "Events out of order, and again",
            "Late and repeated events per second: both change no figure.",
            {
                "late": f"sum(rate(tasker_stats_late_events_total{_RATE}))",
                "repeated": f"sum(rate(tasker_stats_duplicate_events_total{_RATE}))",
            },
            "ops",
        ),
    ),
)

TELEMETRY = Dashboard(
    "tasker-telemetry",
    "Tasker Events: telemetry",
    (
        Panel(
            "Spans",
            "Spans per second that the backend took, that it refused, and that sampling left out.",
            {
                "taken": f"sum(rate(tasker_telemetry_spans_exported_total{_RATE}))",
                "refused": f"sum(rate(tasker_telemetry_spans_rejected_total{_RATE}))",
                "not sampled": f"sum(rate(tasker_telemetry_spans_unsampled_total{_RATE}))",
            },
            "ops",
        ),
        _BACKEND,
        Panel(
            "Duration of exports",
            "The time that half, and 99 in 100 exports stay below.",
            {
                "p50": f"histogram_quantile(0.5, sum by (le) (rate(tasker_telemetry_export_seconds_bucket{_RATE})))",
                "p99": f"histogram_quantile(0.99, sum by (le) (rate(tasker_telemetry_export_seconds_bucket{_RATE})))",
            },
            "s",
        ),
        Panel(
            "Open",
            "Tasks and attempts whose spans have not ended.",
            {"tasks": "sum(tasker_telemetry_open_tasks)", "attempts": "sum(tasker_telemetry_open_attempts)"},
        ),
        Panel(
            "Repaired spans",
            "Spans per second whose times or ids were put right, by repair.",
            {"{{repair}}": f"sum by (repair) (rate(tasker_telemetry_spans_repaired_total{_RATE}))"},
            "ops",
        ),
        Panel(
            "Late and abandoned",
            "Events per second after their span's export, and spans that never ended.",
            {
                "late events": f"sum(rate(tasker_telemetry_events_late_total{_RATE}))",
                "abandoned spans": f"sum(rate(tasker_telemetry_spans_abandoned_total{_RATE}))",
            },
            "ops",
        ),
        Panel(
            "Duration of attempts",
            "The time that 95 in 100 attempts stay below, by step name.",
            {"{{step_name}} p95": _quantile(0.95, "tasker_step_duration_seconds", "step_name")},
            "s",
        ),
    ),
)

ERRORS = Dashboard(
    "tasker-errors",
    "Tasker Events: errors",
    (
        _FAILED,
        Panel(
            "Share of tasks that fail",
            "By task name.",
            {
                "{{task_name}}": "sum by (task_name) "
                f'(rate(tasker_stats_tasks_ended_total{{outcome="error"}}{_RATE})) '
                f"/ sum by (task_name) (rate(tasker_stats_tasks_ended_total{_RATE}))"
            },
            "percentunit",
        ),
        Panel(
            "Failed attempts",
            "Per second, by step name.",
            {"{{step_name}}": f"sum by (step_name) (rate(tasker_step_failures_total{_RATE}))"},
            "ops",
        ),
        _DEAD,
        Panel(
            "Refused results",
            "Records per hour that an output topic did not take.",
            {"{{topic}}": f"sum by (topic) (increase(tasker_engine_refused_outputs_total{_WORKERS}[1h]))"},
        ),
        Panel(
            "Failed states",
            "Stored states, and indexes of partitions, that failed when their time came, per hour.",
            {
                "{{job}} states": f"sum by (job) (increase(tasker_engine_failed_states_total{_WORKERS}[1h]))",
                "{{job}} indexes": f"sum by (job) (increase(tasker_engine_failed_emits_total{_WORKERS}[1h]))",
            },
        ),
        Panel(
            "Lost to retention",
            "Records per hour that retention removed before a group had read them.",
            {"{{job}} {{topic}}": f"sum by (job, topic) (increase(tasker_engine_expired_records_total{_WORKERS}[1h]))"},
        ),
    ),
)

LAG = Dashboard(
    "tasker-lag",
    "Tasker Events: lag and pauses",
    (
        _LAG,
        Panel(
            "Lag by partition",
            "The ten partitions that are furthest behind.",
            {
                "{{job}} {{topic}}/{{partition}}": "topk(10, sum by (job, topic, partition) "
                f"(tasker_engine_lag_records{_WORKERS}))"
            },
        ),
        _EVENTS,
        _PAUSED,
        Panel(
            "Rebalances",
            "Redistributions of partitions per hour.",
            {"{{instance}}": f"sum by (instance) (increase(tasker_engine_rebalances_total{_WORKERS}[1h]))"},
        ),
        Panel(
            "Partitions",
            "Source partitions that each worker holds.",
            {"{{instance}}": f"sum by (instance) (tasker_engine_partitions_assigned{_WORKERS})"},
        ),
        Panel(
            "Restoring",
            "Changelog records that a worker still has to read before it goes on.",
            {"{{instance}}": f"sum by (instance) (tasker_engine_recovery_records_left{_WORKERS})"},
        ),
        Panel(
            "Duration of runs",
            "From taking a run of records to its last acknowledgement: half, and 99 in 100.",
            {
                "{{job}} p50": _quantile(0.5, "tasker_engine_run_seconds", "job"),
                "{{job}} p99": _quantile(0.99, "tasker_engine_run_seconds", "job"),
            },
            "s",
        ),
        _WORKERS_UP,
    ),
)

DASHBOARDS = (OVERVIEW, PRODUCER, STATS, TELEMETRY, STORE, ERRORS, LAG)
