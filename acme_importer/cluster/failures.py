"""What the workers log of their tasks: whose each line is, and the tasks that fail, where it is still known what of."""

from __future__ import annotations

import logging
from typing import Any

from django_q import worker
from django_q.signals import post_execute_in_worker, pre_execute

from acme_importer import log_context

logger = logging.getLogger(__name__)


def connect() -> None:
    """Do so in the processes that are forked from this one."""
    pre_execute.connect(_begin, dispatch_uid=__name__)
    post_execute_in_worker.connect(_end, dispatch_uid=__name__)
    # Django-Q takes only what a package has registered as an entry point.
    worker.error_reporter = FailureLog()


def _begin(task: dict[str, Any], **_: Any) -> None:
    log_context.begin(task=task["name"])


def _end(**_: Any) -> None:
    log_context.begin()


class FailureLog:
    """What Django-Q calls while it handles the exception of a task."""

    def report(self) -> None:
        """Log the exception."""
        logger.exception("A task failed.")  # noqa: LOG004 - Django-Q calls it in its handler
