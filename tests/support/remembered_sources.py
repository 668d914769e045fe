"""Reads the sources of libraries that a worker's start looks at, so that forks of this process need not read them.

The worker compares functions with their fingerprints, and Faust asks for the frame of each of its tasks.
"""

import inspect
import sys

from tasker_consumers.engine.faust.fingerprints import FINGERPRINTS, fingerprint_of

inspect.getmodule(sys._getframe())
for name in FINGERPRINTS:
    fingerprint_of(name)
