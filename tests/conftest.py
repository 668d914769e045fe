"""Fixtures that every test may use."""

import signal

from hypothesis import settings

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them every process they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more of the machine than of the code.
settings.register_profile("tasker", deadline=None)
settings.load_profile("tasker")

# Programs that a test starts, not modules to look for examples in.
collect_ignore = ["support/celery_service.py", "support/gunicorn_service.py"]

pytest_plugins = [
    "tests.support.jvm_reader",
    "tests.support.kafka",
    "tests.support.maven_repository",
    "tests.support.registry",
    "tests.support.zipkin",
    "tests.support.downloads",  # the last: it imports others, whose asserts pytest rewrites before that
]
