"""A port that leads to Kafka while it is open: for a client, an outage that costs no broker its life."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from tasker_consumers.embedded.ports import free_ports

_PART = 1 << 16


class Door:
    """Closed at first: nobody answers at `address`. Behind it a client learns where the brokers really are."""

    def __init__(self, target: str) -> None:
        self._port = free_ports(1)[0]
        self._target = target.split(",", maxsplit=1)[0].rpartition(":")
        self._listener: socket.socket | None = None
        self.address = f"127.0.0.1:{self._port}"

    def open(self) -> None:
        """Let clients through from now on."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed, by the test's end
            while True:
                inside, _ = listener.accept()
                threading.Thread(target=self._lead, args=(inside,), daemon=True).start()

    def _lead(self, inside: socket.socket) -> None:
        target = (self._target[0], int(self._target[2]))
        with suppress(OSError), inside, socket.create_connection(target) as outside:
            back = threading.Thread(target=_pass_on, args=(outside, inside), daemon=True)
            back.start()
            _pass_on(inside, outside)
            back.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.close()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Hand on all that comes; the end of one direction ends the other."""
    with suppress(OSError):
        while part := source.recv(_PART):
            sink.sendall(part)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
