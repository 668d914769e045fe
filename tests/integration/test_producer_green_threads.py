"""Hosts with green threads: our thread is one of the operating system's, and the host's hub goes on."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SERVICE = """
    import json, sys, time
    {before}
    from tasker_producer import EventPublisher
    {publisher_before}
    {after}
    {publisher_after}
    waits = []
    def tick():
        for _ in range(100):
            begin = time.monotonic()
            time.sleep(0.01)
            waits.append(time.monotonic() - begin)
    import threading
    ticking = threading.Thread(target=tick)
    ticking.start()
    for number in range(20):
        publisher.publish_event("order.paid", {{"i": number}})
        time.sleep(0.01)
    ticking.join()
    left = publisher.close(1.0)
    until = time.monotonic() + 90
    while publisher.stats()["spooled"] < 20 and time.monotonic() < until:  # a slow disk has not all of them yet
        time.sleep(0.01)
    print(json.dumps({{"ticks": len(waits), "left": left, **publisher.stats()}}))
"""
PATCHES = {
    "gevent": "from gevent import monkey; monkey.patch_all()",
    "eventlet": "import warnings; warnings.simplefilter('ignore'); import eventlet; eventlet.monkey_patch()",
}
MAKE = "publisher = EventPublisher()"


# Each publishes five events in a process whose threads are greenlets, and prints how many are left and on disk.
ELSEWHERE = {
    "in a forked child": """
        import os
        publisher.publish_event("order.paid", {})
        child = os.fork()
        if child:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        publish()
    """,
    "in a signal handler": """
        import signal
        signal.signal(signal.SIGALRM, lambda *_: publish())
        time.sleep(0)  # makes the hub, which is not made a second time while the signal interrupts that
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(5)
    """,
    "with a registry that does not answer": """
        publish()
    """,
}
PUBLISH = """
    import os, time
    from tasker_producer import EventPublisher
    publisher = EventPublisher()
    def publish():
        for number in range(5):
            publisher.publish_event("order.paid", {"i": number})
        left = publisher.close(1.0)
        until = time.monotonic() + 90
        while publisher.stats()["spooled"] < 5 and time.monotonic() < until:
            time.sleep(0.01)
        print(left, publisher.stats()["spooled"], flush=True)
        os._exit(0)
"""


@pytest.mark.parametrize("library", PATCHES)
@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_host_with_green_threads_publishes_elsewhere(library: str, where: str, tmp_path: Path) -> None:
    environ = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "TASKER_SPOOL_DIR": str(tmp_path)}
    if "registry" in where:
        environ["SCHEMA_REGISTRY_URL"] = "http://127.0.0.1:1"
    code = "\n".join([PATCHES[library], textwrap.dedent(PUBLISH), textwrap.dedent(ELSEWHERE[where])])
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, check=False, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout.split()) == (0, ["5", "5"]), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("library", PATCHES)
@pytest.mark.parametrize("order", ["patched first", "patched after the import", "patched after the publisher"])
def test_a_host_with_green_threads_goes_on_while_events_are_published(library: str, order: str, tmp_path: Path) -> None:
    patch = PATCHES[library]
    parts = {"before": "", "publisher_before": "", "after": "", "publisher_after": ""}
    parts["before" if order == "patched first" else "after"] = patch
    parts["publisher_before" if order == "patched after the publisher" else "publisher_after"] = MAKE
    environ = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "TASKER_SPOOL_DIR": str(tmp_path)}
    code = textwrap.dedent(SERVICE).format(**parts)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["ticks"] == 100
    assert (counts["published"], counts["left"], counts["spooled"]) == (20, 20, 20)
    assert "Traceback" not in done.stderr
