"""Checkpoints: what has been done is written every minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mho.cli.errors import note
from mho.cli.interrupts import undisturbed

__all__ = ["Periodic"]

SAVE_SECONDS = 60.0


@dataclass
class Periodic:
    """Calls `save` when the last call is long enough ago.

    Attributes
    ----------
    save : callable
        Writes what there is. A disk that is full at the time ends no work: the next one may succeed.
    """

    save: Callable[[], None]
    _saved: float = field(default_factory=lambda: time.monotonic())

    def __call__(self) -> None:
        """Save if it is time."""
        if time.monotonic() - self._saved < SAVE_SECONDS:
            return
        try:
            with undisturbed():  # a second, impatient Ctrl-C would lose what the first one kept
                self.save()
        except OSError as error:
            note(f"warning: what has been done could not be kept: {error}; going on")
        self._saved = time.monotonic()
