"""The five bytes before a record that name its schema in a registry, found out in the background.

Until they are known, or when they cannot be, records carry their schema's fingerprint instead, and everybody can still
read them: a registry that is down never stops an event.
"""

import threading

from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.host.ticket_counter import TicketCounter
from tasker_schemas.avro.codec import confluent_frame
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tasker_schemas.names import Family
from tasker_schemas.registry.client import SchemaRegistry, subject_of
from tasker_schemas.registry.settings import RegistrySettings
from tasker_schemas.topics import event_topic

RETRY_S = 30.0
_FIRST_RETRY_S = 0.5


class RegistryFrames:
    """The frames of the five event records, which become known while the service runs.

    A frame that the registry does not know is asked for again, at first soon, then every `retry_s` seconds. Raises
    ConfigurationError for certificates that cannot be read.
    """

    def __init__(self, settings: RegistrySettings, topic_prefix: str, *, retry_s: float = RETRY_S) -> None:
        registry = SchemaRegistry(settings)
        self._ask = registry.register if settings.auto_register else registry.look_up
        self._prefix = topic_prefix
        self._retry_s = retry_s
        self._known: dict[Family, bytes] = {}
        self._drop_log = DropLog()
        self.start()

    def frame_of(self, family: Family) -> bytes | None:
        """Return the frame of a family's records; None, which is counted, as long as it is unknown."""
        frame = self._known.get(family)
        if frame is None:
            self._without.add()
        return frame

    def known_frames(self) -> dict[Family, bytes]:
        """Return the frames that are known so far."""
        return dict(self._known)

    def stats(self) -> dict[str, int]:
        """Return how many records of this process went out with a fingerprint, for want of a registry's id."""
        return {"framed_single_object": self._without.value()}

    def start(self) -> None:
        """Ask for the frames that are not known yet; also in a forked child, which has lost the parent's thread."""
        self._drop_log.reset_after_fork()
        self._without = TicketCounter()
        self._stop = threading.Event()
        self._found = threading.Event()
        if len(self._known) == len(Family):
            self._found.set()
            return
        self._thread = threading.Thread(target=self._find, args=(self._stop,), name="tasker-registry", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # the process has no more threads to give
            self._drop_log.log("registry", f"Events go out without a registry's id: {error}")
            self._drop_log.report()

    def wait(self, timeout: float) -> bool:
        """Return whether all frames are known, after at most `timeout` seconds."""
        return self._found.wait(timeout)

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def _find(self, stop: threading.Event) -> None:
        pause = min(_FIRST_RETRY_S, self._retry_s)
        while not self._ask_for_missing():
            if stop.wait(pause):
                return
            pause = min(2 * pause, self._retry_s)
        self._found.set()

    def _ask_for_missing(self) -> bool:
        """Ask for every frame that is unknown; return whether none is left."""
        for family in Family:
            if family not in self._known:
                subject = subject_of(event_topic(family, self._prefix))
                try:
                    self._known[family] = confluent_frame(self._ask(subject, latest(RECORD_OF_FAMILY[family])))
                except BackendUnavailable as error:  # the other questions would wait in vain too
                    self._tell(subject, error)
                    return False
                except (ConfigurationError, LookupError) as error:
                    self._tell(subject, error)
        return len(self._known) == len(Family)

    def _tell(self, subject: str, error: Exception) -> None:
        self._drop_log.log("registry", f"{subject}: events go out without a registry's id: {error}")
        self._drop_log.report()
