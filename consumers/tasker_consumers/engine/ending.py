"""The last words of a worker: its exit codes, and the reason of an abnormal end as the last line of its log."""

import logging
import threading
from collections.abc import Callable

from tasker_schemas.errors import TaskerEventsError

EXIT_OK, EXIT_CRASH, EXIT_USAGE = 0, 1, 2

logger = logging.getLogger(__name__)


def exit_code_of(run: Callable[[], BaseException | None]) -> int:
    """Run a worker, and return the exit code of its end; after 1 and 2 the last line of the log has the reason.

    `run` returns why the worker crashed, None when it stopped as asked. 0: stopped. 1: crashed; a supervisor should
    start it again. 2: it could not start, because a setting is wrong, or a broker or a database is away.
    """
    try:
        reason = run()
    except TaskerEventsError as error:
        return end(error, EXIT_USAGE)
    except Exception as error:  # noqa: BLE001  no end is without a word
        return end(error, EXIT_CRASH)
    if reason is not None:
        return end(reason, EXIT_CRASH)
    logger.info("Stopped: all finished work is committed")
    return EXIT_OK


def end(reason: BaseException, code: int) -> int:
    """Log the last line of a worker that ends abnormally; errors that nobody expected with their traceback."""
    is_expected = isinstance(reason, TaskerEventsError)
    if not is_expected:
        logger.error("The worker ends with an error that nobody expected", exc_info=reason)
    notes = "".join(f" ({note})" for note in getattr(reason, "__notes__", ()))
    text = " ".join(str(reason).split())
    logger.error("tasker: %s%s", text if is_expected else f"{type(reason).__name__}: {text}", notes)
    return code


class ExpectedErrors(logging.Filter):
    """Takes the traceback from the line about an error that the last line of the log explains.

    Takes out the line about a thread that a pause of the whole process held up: of a standstill the watches tell.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is logged."""
        if record.exc_info and isinstance(record.exc_info[1], TaskerEventsError):
            record.exc_info = None
        return "Thread keepalive is not responding" not in record.getMessage()


def log_thread_error(error: threading.ExceptHookArgs) -> None:
    """Log the error that ends a thread, which Python would write as bare text between the lines of the log."""
    name = error.thread.name if error.thread else "a thread"
    if error.exc_type is not SystemExit:
        logger.debug("Thread %s ended: %s", name, error.exc_value, exc_info=error.exc_value)
