"""Content negotiation for responses that come in one format only."""

from __future__ import annotations

from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request


class AnyAccepted(BaseContentNegotiation):
    """For a response of one kind, which comes whatever the Accept header asks for. Errors come as JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:  # noqa: ARG002
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002
        return renderers[0], renderers[0].media_type


# What an action of an API takes whose response is a file about one thing, and no list.
AS_FILE: dict[str, Any] = {
    "pagination_class": None,
    "filter_backends": [],
    "content_negotiation_class": AnyAccepted,
}
