"""The error of a file that cannot be imported."""

from tasker_schemas.errors import UsageError


class BrokenFile(UsageError):
    """A file that cannot be imported; `place` is a line and column or the path of a JSON value, `problem` says why."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem
