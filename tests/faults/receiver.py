"""A receiver of webhooks that verifies what arrives, remembers it, and can be made to behave badly."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.webhooks.factories import headers_of
from webhooks.models import Endpoint
from webhooks.receiver import NotVerifiedError, verify

# Longer than the worlds of these tests wait for a response (WEBHOOK_TIMEOUT_SECONDS).
HANG_SECONDS = 4.0

# It would tell of each request.
logging.getLogger("werkzeug").setLevel(logging.WARNING)


class Receiver:
    """An endpoint and the server behind it. `arrived` has the body of each message by its id."""

    def __init__(self, events: list[str]) -> None:
        self.mode = "ok"
        self.arrived: dict[str, dict[str, Any]] = {}
        self.not_verified: list[str] = []
        self._server = self._new_server(0)
        self.start()
        self.endpoint = Endpoint.objects.create(url=self._server.url_for("/hook"), events=events)

    def _new_server(self, port: int) -> HTTPServer:
        server = HTTPServer(port=port, threaded=True)
        server.expect_request("/hook").respond_with_handler(self._take)
        return server

    def start(self) -> None:
        """Listen, at the same port as before."""
        self._server.start()

    def die(self) -> None:
        """Refuse every connection from now on."""
        port = self._server.port
        self._server.stop()
        self._server = self._new_server(port)

    def stop(self) -> None:
        """Stop for good."""
        if self._server.is_running():
            self._server.stop()

    def _take(self, request: Request) -> Response:
        if self.mode == "500":
            return Response("", 500)
        headers, body = headers_of(request), request.get_data()
        try:
            verify(self.endpoint.secret, headers, body)
        except NotVerifiedError as error:
            self.not_verified.append(f"{headers.get('webhook-id')}: {error}")
        else:
            self.arrived[headers["webhook-id"]] = json.loads(body)
        if self.mode == "hang":
            time.sleep(HANG_SECONDS)
        return Response("", 200)
