"""Completion statistics: the task stream and the step stream, joined per task.

An event goes through `processor` (bytes to values) into `fold`, which adds it to what is known of the task (`state`)
and of its steps (`table`, `steps`); `derive` makes the record `TaskStats` of it, with `critical_path`. `storage` keeps
the state in the engine's table, `lifetime` shrinks and forgets it. `questions` answers over HTTP, `reading` reads
statistics back from a worker or from the topics.
"""
