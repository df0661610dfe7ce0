"""Ctrl-C and SIGTERM for a command: at once, or, while something must not be torn apart, when it is asked for."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Turns the signals into KeyboardInterrupt, inside a `with` statement.

    While `held` is set, the first signal waits for `check`; the second comes through at once.
    """

    def __init__(self) -> None:
        self.held = False
        self._asked = False
        self._handlers_before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._handlers_before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raise the KeyboardInterrupt that has been held back, if any."""
        if self._asked:
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked or not self.held:
            raise KeyboardInterrupt
        self._asked = True
