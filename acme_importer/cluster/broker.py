"""Which messages reach the workers: those that name a function of CLUSTER_TASKS, and hold nothing but plain values.

Django-Q's messages are signed pickles. Whoever knows SECRET_KEY and can write to the database could have the workers
run anything: by the function that a message names, by what is to be called afterwards, or by the pickle itself. So each
message is read here first, without creating any object but dates, and is deleted unless the product writes such.
"""

from __future__ import annotations

import io
import logging
import pickle
import time
from typing import Any

from django.conf import settings
from django.db import Error
from django_q import core_signing
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from acme_importer.lost_connections import persist

logger = logging.getLogger(__name__)

# What messages have of their own; not `hook` and `chain`, which name further functions, nor `sync`.
KEYS = frozenset({"id", "name", "func", "args", "kwargs", "started", "group", "cluster", "ack_failure"})
# The only classes that a message may hold an object of, for the moment at which it was written.
DATES = frozenset({"datetime", "timedelta", "timezone"})


class RefusedMessageError(Exception):
    """The message is not one that the product writes; the text says why, for the log."""


# How long to leave a database alone that does not respond.
AWAY_SECONDS = 1.0


class ListedBroker(ORM):
    """The ORM broker, except that it hands out only messages that may run, the oldest first.

    It outlives a database that is away.
    """

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        # Without an order, PostgreSQL hands out first what has filled a gap in the table.
        return ORM.get_connection(list_key).order_by("pk")

    def dequeue(self) -> list[tuple[int, str]]:
        """The next messages, each locked for this worker; what may not run is deleted, and logged."""
        try:
            found = super().dequeue() or []
        except Error as error:
            # Django-Q would wait ten seconds, and start another process for it.
            logger.warning("Cannot read queue %s: %s", self.list_key, error)
            time.sleep(AWAY_SECONDS)
            return []
        return [(number, payload) for number, payload in found if self._may_run(number, payload)]

    def acknowledge(self, number: int) -> None:
        """Delete a message that has been dealt with."""
        persist(lambda: self.delete(number))

    def _may_run(self, number: int, payload: str) -> bool:
        try:
            check(payload)
        except Exception as error:  # noqa: BLE001 - a forged pickle may fail in any way
            logger.error("Deleted message %s of queue %s: %s", number, self.list_key, error)  # noqa: TRY400
            self.delete(number)
            return False
        return True


def check(payload: str) -> None:
    """Raise an exception unless `payload` is a signed message that the workers may act on."""
    task = core_signing.loads(payload, key=Conf.SECRET_KEY, salt=Conf.PREFIX, serializer=PlainPickle)
    if not isinstance(task, dict) or not KEYS.issuperset(task):
        raise RefusedMessageError("It has parts that the product does not write.")
    check_listed(task.get("func"))


def check_listed(function: object) -> None:
    """Raise RefusedMessageError unless `function` is the dotted path of one that the workers run."""
    if not isinstance(function, str) or function not in settings.CLUSTER_TASKS:
        raise RefusedMessageError(f"{function!r} is not in the setting CLUSTER_TASKS.")


class PlainPickle:
    """What `core_signing` reads a message with, once its signature is right."""

    @staticmethod
    def loads(data: bytes) -> Any:
        """The message, if it consists of plain values and dates."""
        return _PlainUnpickler(io.BytesIO(data)).load()


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        """Refuse all classes and functions but those of DATES."""
        if module_name != "datetime" or global_name not in DATES:
            raise RefusedMessageError(f"It holds {module_name}.{global_name}.")
        return super().find_class(module_name, global_name)
