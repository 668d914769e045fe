"""All HTTP questions about statistics."""

from tasker_consumers.engine.web.questions import Question
from tasker_consumers.stats.processor import StatsProcessor
from tasker_consumers.stats.questions.tasks import task_questions
from tasker_consumers.stats.questions.windows import window_question


def questions_of(processor: StatsProcessor) -> tuple[Question, ...]:
    """Return the questions that a worker with this processor answers."""
    return *task_questions(), window_question(processor.windows)
