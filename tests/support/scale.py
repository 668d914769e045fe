"""How much of a long run a test does: `TASKER_TEST_SCALE=50` makes hours of what is otherwise seconds."""

import os

SCALE = int(os.environ.get("TASKER_TEST_SCALE", "1"))
