"""The telemetry group: events of tasks and steps in, spans out.

`app` puts the group together, `rebuild` makes spans of records that a tool has at hand.
"""
