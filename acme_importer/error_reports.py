"""Errors reported to Sentry (SENTRY_DSN): where in the code, which kind, in which import. Never what was being read.

What may leave is listed here, and everything else stays: the texts of exceptions quote rows and addresses, variables
hold them, requests carry passwords and tokens.
"""

from __future__ import annotations

from typing import Any

from acme_importer import __version__, log_context

KEPT = (
    *("event_id", "timestamp", "platform", "level", "logger", "transaction"),
    *("release", "environment", "server_name", "modules", "sdk"),
)
KEPT_OF_FRAMES = (
    *("filename", "abs_path", "module", "function", "lineno", "in_app"),
    *("pre_context", "context_line", "post_context"),
)
# Those whose messages name their values apart from the text.
OWN_LOGGERS = ("acme_importer", "imports", "products", "webhooks")


def start(dsn: str) -> None:
    """Report this process's unhandled exceptions and the errors in its log from here on."""
    # The package is there only where it is wanted: requirements-sentry.txt.
    import sentry_sdk  # noqa: PLC0415
    from sentry_sdk.integrations.atexit import AtexitIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.dedupe import DedupeIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.django import DjangoIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.threading import ThreadingIntegration  # noqa: PLC0415

    sentry_sdk.init(
        dsn=dsn,
        release=__version__,
        before_send=reduced,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        # The others would, among more, add headers to the webhooks.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(callback=lambda _pending, _timeout: None),
            DedupeIntegration(),
            DjangoIntegration(middleware_spans=False, signals_spans=False),
            ExcepthookIntegration(),
            LoggingIntegration(level=None),
            ThreadingIntegration(),
        ],
    )


def reduced(event: Any, _hint: Any) -> Any:
    """What may leave of an `event`."""
    kept: dict[str, Any] = {name: event[name] for name in KEPT if name in event}
    kept["tags"] = {name: str(value) for name, value in log_context.current().items()}
    if runtime := event.get("contexts", {}).get("runtime"):
        kept["contexts"] = {"runtime": runtime}
    if method := event.get("request", {}).get("method"):
        kept["tags"]["method"] = method
    logger = str(event.get("logger", ""))
    if "logentry" in event:
        is_own = logger.partition(".")[0] in OWN_LOGGERS
        kept["logentry"] = {"message": event["logentry"]["message"] if is_own else f"An error in the log of {logger}"}
    if "exception" in event:
        kept["exception"] = {"values": [_exception(value) for value in event["exception"]["values"]]}
    return kept


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames", [])
    mechanism = value.get("mechanism") or {}
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "mechanism": {name: mechanism[name] for name in ("type", "handled") if name in mechanism},
        "stacktrace": {"frames": [{key: frame[key] for key in KEPT_OF_FRAMES if key in frame} for frame in frames]},
    }
