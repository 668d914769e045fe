"""Faust in batches: the part that statistics and telemetry share. The engine knows no event.

An application is a `processor.Processor`; `worker.run_worker` runs it in this process. A `web.questions.Question` is a
request that the application answers over HTTP.
"""
