"""The last words of a worker: its exit codes, and the reason of an abnormal end as the last line of its log."""

import logging
import threading

from tasker_schemas.errors import TaskerEventsError

EXIT_OK, EXIT_CRASH, EXIT_USAGE = 0, 1, 2

logger = logging.getLogger(__name__)


def end(reason: BaseException, code: int) -> int:
    """Log the last line of a worker that ends abnormally; errors that nobody expected with their traceback."""
    is_expected = isinstance(reason, TaskerEventsError)
    if not is_expected:
        logger.error("The worker ends with an error that nobody expected", exc_info=reason)
    notes = "".join(f" ({note})" for note in getattr(reason, "__notes__", ()))
    text = " ".join(str(reason).split())
    logger.error("tasker: %s%s", text if is_expected else f"{type(reason).__name__}: {text}", notes)
    return code


def log_thread_error(error: threading.ExceptHookArgs) -> None:
    """Log the error that ends a thread, which Python would write as bare text between the lines of the log."""
    name = error.thread.name if error.thread else "a thread"
    if error.exc_type is not SystemExit:
        logger.debug("Thread %s ended: %s", name, error.exc_value, exc_info=error.exc_value)
