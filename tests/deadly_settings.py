"""The product's own settings, for workers that are killed as soon as they are to write a product called DEADLY."""

import logging
import os
import signal
from typing import Any

from django.apps import AppConfig

from acme_importer.settings import *  # noqa: F403
from acme_importer.settings import INSTALLED_APPS

logger = logging.getLogger(__name__)


class DeadlyConfig(AppConfig):
    """Makes the writers deadly once they are there."""

    name = "tests"

    def ready(self) -> None:
        """As the kernel kills a process when memory runs out."""
        from imports.writing.bulk_create import BulkCreateWriter  # noqa: PLC0415 - not before the apps are ready
        from imports.writing.copy import CopyWriter  # noqa: PLC0415

        def deadly(write: Any) -> Any:
            def write_or_die(writer: Any, rows: Any) -> Any:
                if any("DEADLY" in row.record for row in rows):
                    logger.warning("DEADLY: killing this worker.")
                    os.kill(os.getpid(), signal.SIGKILL)
                return write(writer, rows)

            return write_or_die

        for writer in (CopyWriter, BulkCreateWriter):
            writer.write = deadly(writer.write)  # type: ignore[method-assign]


INSTALLED_APPS += ["tests.deadly_settings.DeadlyConfig"]
