"""From an exception to one line on stderr and an exit code."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any

from cyclopts import CycloptsError

from mho.cli.interrupts import terminable
from mho.cli.plain import printable

__all__ = ["Failed", "exit_code", "note"]

_FAILED, _USAGE = 1, 2

_OPTIONS = {
    "n_components": "-k",
    "max_iter": "--max-iter",
    "tol": "--tol",
    "l2_W": "--l2-w",
    "l2_H": "--l2-h",
    "l1_W": "--l1-w",
    "l1_H": "--l1-h",
    "max_bytes": "--max-bytes",
    "max_pixels": "--max-pixels",
    "false_alarms": "--false-alarms",
    "(accept_rate=True": "(--accept-rate",
    "missing='nan'": "--missing nan",
    "missing='unstored'": "--missing unstored",
}
"""What the library calls an argument, and the command line."""


class Failed(Exception):
    """Work that was done and did not come out as it had to."""


def exit_code(command: Callable[[], Any]) -> int:
    """Run a command; tell what went wrong in one line, without a traceback unless it is a fault of mho."""
    try:
        with warnings.catch_warnings(), terminable():
            warnings.showwarning = _show_warning
            found = command()
            sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        note(f"interrupted{_reason(interrupt)}")
        return getattr(interrupt, "exit_code", 130)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except Exception as error:
        code = _code(error)
        if code is None:
            raise
        note(f"error: {_as_options(_one_line(error))}")
        return code
    return found if type(found) is int else 0


def note(message: str) -> None:
    """Say something that is not the result, in one line that cannot steer a terminal."""
    print(f"mho: {printable(message)}", file=sys.stderr)


def _code(error: Exception) -> int | None:
    """Exit code of an error that a user can do something about; None for any other."""
    if isinstance(error, CycloptsError):
        return _USAGE
    from mho.chip import ChipError
    from mho.data import DataError
    from mho.spice import NgspiceError, NgspiceMissing

    failures = DataError | ChipError | NgspiceError | NgspiceMissing | OSError | ImportError | MemoryError | Failed
    if isinstance(error, failures | ArithmeticError):
        return _FAILED
    return _USAGE if isinstance(error, ValueError | TypeError) else None


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return f"not enough memory{_reason(error)}"
    return " ".join(str(error).split()) or type(error).__name__


def _reason(error: BaseException) -> str:
    return f": {error}" if str(error) else ""


def _as_options(message: str) -> str:
    names = "|".join(map(re.escape, _OPTIONS))
    as_a_word = rf"(?<!\S)({names})(?![^\s,;:])"  # not as a part of a path
    message = re.sub(as_a_word, lambda found: _OPTIONS[found.group()], message)
    return re.sub(r"(?<!\S)(columns|sep|decimal|range)=", r"--\1 ", message).replace("--range -", "--range=-")


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    note(f"warning: {_as_options(str(message))}")
