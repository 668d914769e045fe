"""What reads the topics: statistics, traces, replay, importers, and the command line over them."""

import tasker_schemas  # noqa: F401  decides whether compiled modules are used, before the first of them is imported
