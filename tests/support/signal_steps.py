"""A stop signal at each step of a piece of Python, one step after another."""

import gc
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from types import FrameType
from typing import Any


def signal_at_each_step(run: Callable[[], object]) -> Iterator[bool]:
    """Run it with SIGINT before its first step, its second and so on; yield each time whether it was interrupted."""
    for number in count(1):
        came, interrupted = _run_with_signal(run, number)
        if not came:
            assert number > 1, "no step was seen"
            return
        yield interrupted


def _run_with_signal(run: Callable[[], object], number: int) -> tuple[bool, bool]:
    """Return whether the code has so many steps, and whether it ended by KeyboardInterrupt."""
    steps = 0

    def look(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            steps += 1
            if steps == number:
                sys.settrace(before)
                signal.raise_signal(signal.SIGINT)
        return look

    was_enabled = gc.isenabled()
    gc.disable()  # its callbacks are no steps of the code, and ignore what they raise
    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 looks at this once, when tracing begins
    sys.settrace(look)
    try:
        run()
    except KeyboardInterrupt:
        return True, True
    finally:
        sys.settrace(before)
        if was_enabled:
            gc.enable()
    return steps >= number, False
