"""The gunicorn worker that serves the product: no slow client holds a thread that others need.

Gunicorn's own worker with threads takes a connection to a thread at once, where it may take as long as it likes to send
its request: 16 connections that send a byte now and then are the end of 16 threads. Here the event loop, which can wait
for hundreds, reads each request first, its head and a small body. A thread gets it when it is all there. Larger bodies
are read by threads of their own, and the probes have one each, so neither uploads nor slow pages hold them up.
Knows nothing of Django or of what is served. Plain HTTP only: TLS ends at a proxy.
"""

from __future__ import annotations

import re
import selectors
import socket
import struct
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

# A request, but for a large body, has to be here within this time.
REQUEST_SECONDS = 20
# A client that neither sends the next bytes of its body nor takes those of its response for this long is gone.
STALLED_SECONDS = 30
# A connection that is closed is read for a moment more, or the client may lose the response that it is being sent.
LINGER_SECONDS = 2
LINGER_BYTES = 4 * 1024 * 1024
BLOCK_BYTES = 64 * 1024
# Gunicorn takes 8 KB for each header field.
HEAD_BYTES = 64 * 1024
# A body up to this size is waited for in memory. `acme_importer.large_bodies` refuses larger ones of strangers.
SMALL_BODY_BYTES = 64 * 1024

PROBE = re.compile(rb"(?:GET|HEAD) /(healthz|readyz)/?[ ?]")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSED = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TIMED_OUT = REFUSED % b"408 Request Timeout"
HEAD_TOO_LARGE = REFUSED % b"431 Request Header Fields Too Large"


class Connection(TConn):
    """A client's connection, with what has arrived of its next request."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrived = bytearray()
        self.is_begun = False
        self.is_continued = False
        self.is_unfinished = False
        self.lingered_bytes = 0
        self.deadline = 0.0
        # Of the kernel, since gunicorn sets the socket's own time-out to none before each request.
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", STALLED_SECONDS, 0))

    def missing(self) -> int | None:
        """How many bytes of the request have not arrived; None if that is not known before more has."""
        end = self.arrived.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.arrived[: end + 4])
        if CHUNKED.search(head):
            return SMALL_BODY_BYTES + 1
        length = LENGTH.search(head)
        return max(len(head) + int(length[1]) - len(self.arrived), 0) if length else 0

    def received(self) -> bytes | None:
        """The next bytes that have arrived; empty if no more will come, and None if none have arrived yet."""
        try:
            return self.sock.recv(BLOCK_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def send(self, message: bytes) -> None:
        """Send a few bytes, or none where the client takes none: it is not waited for."""
        with suppress(OSError):
            self.sock.send(message)

    def invite(self) -> None:
        """Tell a client to send its body that asked whether it may. Gunicorn does so only in a thread."""
        if not self.is_continued and EXPECT.search(self.arrived, 0, self.arrived.find(b"\r\n\r\n") + 4):
            self.is_continued = True
            self.send(CONTINUE)


class PatientWorker(ThreadWorker):
    """A worker with threads that reads requests before it gives them to a thread."""

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise RuntimeError("gunicorn serves plain HTTP here. Let a proxy in front of it end TLS (deploy/).")

    def init_process(self) -> None:
        # The event loop watches these: for the rest of a request, or for their end.
        self.watched: set[Connection] = set()
        self.body_pool = ThreadPoolExecutor(max(self.cfg.threads // 2, 1), "body")
        self.probe_pools = {name: ThreadPoolExecutor(1, name.decode()) for name in (b"healthz", b"readyz")}
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections and self.watched:
            self._drop(min(self.watched, key=lambda each: each.deadline))
        conn = Connection(self.cfg, client, address, listener.getsockname())
        self._watch(conn, REQUEST_SECONDS, self._read)
        self._read(conn)

    def finish_request(self, conn: Connection, future: Future[bool]) -> None:
        """Wait for the next request of the connection, or close it."""
        if future.cancelled() or future.exception() is not None or not future.result():
            self._linger(conn)
            return
        conn.is_begun = conn.is_continued = False
        conn.arrived += conn.parser.unreader.take_buffered()
        self._watch(conn, self.cfg.keepalive, self._read)
        if conn.arrived:
            self._consider(conn)

    def handle(self, conn: Connection) -> Any:
        """Serve the request that has arrived. Runs in a thread."""
        conn.data_ready = True
        conn.init()
        conn.parser.unreader.unread(bytes(conn.arrived))
        conn.arrived.clear()
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        if conn.is_continued:
            req._expected_100_continue = False  # noqa: SLF001 - it has been told already
        if conn.is_unfinished:
            # What its body still has must not be waited for, and be nobody's next request.
            req.force_close()
        return super().handle_request(req, conn)

    def murder_keepalived(self, force: bool = False) -> None:
        """End connections whose time is over. The name is gunicorn's, which calls this every second."""
        now = time.monotonic()
        for conn in [each for each in self.watched if force or each.deadline <= now]:
            if conn.is_begun:
                conn.send(TIMED_OUT)
            self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Give connections until `deadline`: the worker is stopping."""
        for conn in self.watched:
            conn.deadline = min(conn.deadline, deadline)

    def _watch(self, conn: Connection, seconds: float, callback: Any) -> None:
        conn.sock.setblocking(False)
        conn.deadline = time.monotonic() + seconds
        self.watched.add(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, lambda _: callback(conn))

    def _unwatch(self, conn: Connection) -> None:
        self.watched.discard(conn)
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _drop(self, conn: Connection) -> None:
        self._unwatch(conn)
        self.nr_conns -= 1
        conn.close()

    def _read(self, conn: Connection) -> None:
        """Take what has arrived."""
        block = conn.received()
        if block is None:
            return
        if not block:
            if conn.missing():
                # It will send no more, but may wait for the response: that its request was cut off.
                self._start(conn, self.tpool)
            else:
                self._drop(conn)
            return
        conn.arrived += block
        self._consider(conn)

    def _consider(self, conn: Connection) -> None:
        """Give the request to a thread if one can work on it, and else go on waiting for it."""
        if not conn.is_begun:
            conn.is_begun = True
            conn.deadline = time.monotonic() + REQUEST_SECONDS
        # Empty lines before a request mean nothing, but must not look like the end of its head.
        while conn.arrived.startswith(b"\r\n"):
            del conn.arrived[:2]
        missing = conn.missing()
        if missing is None:
            if len(conn.arrived) > HEAD_BYTES:
                self._refuse(conn, HEAD_TOO_LARGE)
        elif missing > SMALL_BODY_BYTES:
            conn.is_unfinished = True
            self._start(conn, self.body_pool)
        elif missing:
            conn.invite()
        else:
            probe = PROBE.match(conn.arrived)
            self._start(conn, self.probe_pools[probe[1]] if probe else self.tpool)

    def _start(self, conn: Connection, pool: ThreadPoolExecutor) -> None:
        self._unwatch(conn)
        future = pool.submit(self.handle, conn)
        future.add_done_callback(partial(self.method_queue.defer, self.finish_request, conn))

    def _refuse(self, conn: Connection, message: bytes) -> None:
        self._unwatch(conn)
        conn.send(message)
        self._linger(conn)

    def _linger(self, conn: Connection) -> None:
        """Close the connection once the client has, or soon. Gunicorn waits for that with its whole event loop."""
        conn.is_begun = False
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            self._watch(conn, LINGER_SECONDS, self._discard)
        except OSError:
            self._drop(conn)

    def _discard(self, conn: Connection) -> None:
        block = conn.received()
        if block is None:
            return
        conn.lingered_bytes += len(block)
        if not block:
            self._drop(conn)
        elif conn.lingered_bytes > LINGER_BYTES:
            # Closing would take the response from a client that is still sending. It will find that nobody reads.
            self.poller.unregister(conn.sock)
