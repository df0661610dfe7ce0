"""Deletes the messages of certain tasks when they begin, and not when they end: those that others start again anyway.

Were the worker killed, its message would stay until its lock runs out, minutes later, and do nothing then.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import Error
from django_q.signals import pre_execute

from acme_importer.cluster import queues

logger = logging.getLogger(__name__)


def connect() -> None:
    """Do so in the processes that are forked from this one."""
    pre_execute.connect(withdraw_message, dispatch_uid=__name__)


def withdraw_message(task: dict[str, Any], **_: Any) -> None:
    """Handle Django-Q's signal. An error would end the worker, and the message is deleted later all the same."""
    if task["func"] not in settings.CLUSTER_STARTED_AGAIN:
        return
    try:
        queues.withdraw(task["ack_id"])
    except Error as error:
        logger.warning("Could not delete message %s before its end: %s", task["ack_id"], error)
