"""A receiver that is faster than any sender here, in a process of its own, for the benchmark of webhooks."""

import multiprocessing
import selectors
import socket
import time
from multiprocessing.connection import Connection

ANSWER = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Receiver:
    """The receiver's process, seen from outside. It answers every request at once, and those to /hang never."""

    def __init__(self) -> None:
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=serve, args=(other,), daemon=True)
        self.process.start()
        self.url = f"http://127.0.0.1:{self.pipe.recv()}"

    def times(self, count: int, within: float) -> list[float]:
        """When the next `count` answered requests came in; fewer if they do not come in time."""
        deadline = time.monotonic() + within
        times: list[float] = []
        while len(times) < count and self.pipe.poll(max(0.0, deadline - time.monotonic())):
            times.append(self.pipe.recv())
        return times


def serve(pipe: Connection) -> None:
    """Serve for ever; tell the port, and then the time of each answered request, through `pipe`."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    pipe.send(listener.getsockname()[1])
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    received: dict[socket.socket, bytes] = {}
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                selector.register(connection, selectors.EVENT_READ, connection)
                received[connection] = b""
                continue
            connection = key.data
            if not goes_on(connection, received, pipe):
                selector.unregister(connection)
                connection.close()
                del received[connection]


def goes_on(connection: socket.socket, received: dict[socket.socket, bytes], pipe: Connection) -> bool:
    """Read what has come, and answer a request that is whole; whether the connection stays open."""
    try:
        piece = connection.recv(65536)
    except OSError:
        return False
    received[connection] += piece
    request = received[connection]
    if not piece or not is_whole(request):
        return bool(piece)
    if request.startswith(b"POST /hang"):
        return True
    pipe.send(time.time())
    connection.send(ANSWER)
    return False


def is_whole(request: bytes) -> bool:
    """Whether `request` has all of its body."""
    head, end, body = request.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and len(body) >= sum(lengths)
