"""A line to the broker that can be cut: it passes bytes on until `cut` closes all connections."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Lock, Thread
from urllib.parse import urlsplit


class Wire:
    """Listens on a port of its own; new connections after a cut pass again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5672)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{port}")
        self._lock = Lock()
        self._open: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> int:
        """Close what is open; how many connections it was."""
        with self._lock:
            doomed, self._open = self._open, []
        for each in doomed:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        return len(doomed) // 2

    def close(self) -> None:
        # Only a shutdown wakes the thread that accepts.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                with self._lock:
                    self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    Thread(target=_pass, args=(source, sink), daemon=True).start()


def _pass(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
