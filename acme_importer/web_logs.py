"""The log of gunicorn, written as the product's own (LOG_FORMAT). Knows nothing of what is served."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

from acme_importer import log_context
from acme_importer.log_lines import JsonLines
from acme_importer.request_ids import HEADER


class WebLog(Logger):
    """Gunicorn's log. Each line of the access log carries the id of its request."""

    def setup(self, cfg: Any) -> None:
        """Set up the handlers of gunicorn's two logs."""
        super().setup(cfg)
        # Gunicorn's first process has not loaded the application.
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "acme_importer.settings")
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            if settings.LOG_FORMAT == "json":
                handler.setFormatter(JsonLines())
            handler.addFilter(log_context.ContextFilter())

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Write the line of a request whose response has been sent."""
        found = [value for name, value in resp.headers if name.lower() == HEADER.lower()]
        log_context.begin(**({"request_id": found[0]} if found else {}))
        super().access(resp, req, environ, request_time)
        log_context.begin()
