"""Functions that run at the same time, each in a thread with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

LONGEST_SECONDS = 60


def in_threads(*functions: Callable[[], Any]) -> list[BaseException]:
    """Run the functions, which begin at the same moment; what they raised."""
    raised: list[BaseException] = []
    together = threading.Barrier(len(functions))

    def run(function: Callable[[], Any]) -> None:
        try:
            together.wait()
            function()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(function,), daemon=True) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST_SECONDS)
        assert not thread.is_alive(), "A thread hangs."
    return raised
