"""The five bytes before a record that name its schema in a registry, found out in the background.

Until they are known, or when they cannot be, records carry their schema's fingerprint instead, and everybody can still
read them: a registry that is down never stops an event.
"""

import threading
from collections.abc import Mapping

from tasker_producer.trouble import Trouble
from tasker_schemas.codec import confluent_frame
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tasker_schemas.names import Family
from tasker_schemas.registry import RegistrySettings, SchemaRegistry, subject_of
from tasker_schemas.schemas import RECORD_OF_FAMILY, latest
from tasker_schemas.topics import event_topic

RETRY_S = 30.0


class RegistryFrames:
    """The frames of the five event records; `known` fills while the service runs."""

    def __init__(self, settings: RegistrySettings, topic_prefix: str, *, retry_s: float = RETRY_S) -> None:
        self._settings = settings
        self._registry = SchemaRegistry(settings)
        self._prefix = topic_prefix
        self._retry_s = retry_s
        self._known: dict[Family, bytes] = {}
        self._trouble = Trouble()
        self.start()

    @property
    def known(self) -> Mapping[Family, bytes]:
        """The frames that are known so far."""
        return self._known

    def start(self) -> None:
        """Ask for what is not known yet; also in a forked child, which has lost the parent's thread."""
        self._stop = threading.Event()
        self._found = threading.Event()
        if len(self._known) < len(Family):
            self._thread = threading.Thread(target=self._find, args=(self._stop,), name="tasker-registry", daemon=True)
            self._thread.start()
        else:
            self._found.set()

    def wait(self, timeout: float) -> bool:
        """Return whether all frames are known, after at most `timeout` seconds."""
        return self._found.wait(timeout)

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def _find(self, stop: threading.Event) -> None:
        while not stop.is_set():
            for family in Family:
                if family not in self._known:
                    self._ask(family)
            if len(self._known) == len(Family):
                self._found.set()
                return
            stop.wait(self._retry_s)

    def _ask(self, family: Family) -> None:
        subject = subject_of(event_topic(family, self._prefix))
        ask = self._registry.register if self._settings.auto_register else self._registry.look_up
        try:
            self._known[family] = confluent_frame(ask(subject, latest(RECORD_OF_FAMILY[family])))
        except (BackendUnavailable, ConfigurationError, LookupError) as error:
            self._trouble.tell("registry", f"{subject}: events go out without a registry's id: {error}")
