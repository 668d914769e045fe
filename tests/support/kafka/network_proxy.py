"""A network between some clients and Kafka that can be cut, slowed down and broken; other clients go around it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from tasker_consumers.embedded import EmbeddedKafka
from tasker_consumers.embedded.ports import free_ports
from tests.support.processes import LIMIT_S

TO_BROKER, TO_CLIENT = "to broker", "to client"
_PART = 1 << 16


class NetworkProxy:
    """Passes bytes on between `port` and `target_port` of this machine, until it is told otherwise."""

    def __init__(self, port: int, target_port: int) -> None:
        self._port, self._target_port = port, target_port
        self._loop = asyncio.new_event_loop()
        self._open = {TO_BROKER: asyncio.Event(), TO_CLIENT: asyncio.Event()}
        self._delay_s = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def address(self) -> str:
        """Where clients find Kafka behind the proxy."""
        return f"127.0.0.1:{self._port}"

    def cut(self, *directions: str) -> None:
        """Pass nothing on any more; connections stay open, and their bytes arrive when the cut ends."""
        for direction in directions or self._open:
            self._loop.call_soon_threadsafe(self._open[direction].clear)

    def mend(self) -> None:
        """Pass everything on again, at once."""
        self._delay_s = 0.0
        for gate in self._open.values():
            self._loop.call_soon_threadsafe(gate.set)

    def delay(self, seconds: float) -> None:
        """Pass on each part of the bytes so much later."""
        self._delay_s = seconds

    def half_close(self) -> None:
        """Close one direction of every connection."""
        self._loop.call_soon_threadsafe(self._write_ends)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(LIMIT_S)
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_S)
        self._loop.close()

    def _write_ends(self) -> None:
        for writer in self._writers:
            with suppress(OSError):
                writer.write_eof()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)

    async def _connect(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            broker, to_broker = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            to_client.close()
            return
        self._writers |= {to_client, to_broker}
        ways = ((client, to_broker, TO_BROKER), (broker, to_client, TO_CLIENT))
        for reader, writer, direction in ways:
            task = asyncio.create_task(self._pass_on(reader, writer, direction))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        with suppress(OSError):
            while part := await reader.read(_PART):
                await self._open[direction].wait()
                await asyncio.sleep(self._delay_s)
                writer.write(part)
                await writer.drain()
        writer.close()


class ProxiedKafka(EmbeddedKafka):
    """A Kafka with a second listener, whose clients are sent to the proxy for every connection."""

    def __init__(self, *, data_dir: Path) -> None:
        super().__init__(data_dir=data_dir)
        self._behind, self._proxy = free_ports(2)

    def _settings(self, port: int, controller_port: int) -> dict[str, str]:
        settings = super()._settings(port, controller_port)
        added = {
            "listener.security.protocol.map": "PROXIED:PLAINTEXT",
            "listeners": f"PROXIED://127.0.0.1:{self._behind}",
            "advertised.listeners": f"PROXIED://127.0.0.1:{self._proxy}",
        }
        return {**settings, **{name: f"{settings[name]},{value}" for name, value in added.items()}}

    @contextmanager
    def proxy(self) -> Iterator[NetworkProxy]:
        """Open the network to the second listener."""
        with NetworkProxy(self._proxy, self._behind) as proxy:
            yield proxy
