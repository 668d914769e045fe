"""What can be wrong with a file that somebody wants imported."""

from tasker_schemas.errors import UsageError


class BrokenFile(UsageError):
    """A file that cannot be imported; `place` is a line and column or the path of a JSON value, `problem` the rest."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem
