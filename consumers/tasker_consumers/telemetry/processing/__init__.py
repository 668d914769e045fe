"""The telemetry group as a processor of the engine: states, spans that are ready, and their export."""
