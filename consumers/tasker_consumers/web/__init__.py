"""The web view: tasks, errors, statistics and groups as pages, read from topics and store.

Nothing is written and nothing is executed. `views` makes the models of pages of values, `sources` reads, `routes` joins
them, `site` renders.
"""
