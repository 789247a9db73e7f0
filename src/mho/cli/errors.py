"""From an exception to one line on stderr and an exit code."""

from __future__ import annotations

import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Collection
from opcode import opmap
from typing import Any

from cyclopts import CycloptsError, MissingArgumentError, UnusedCliTokensError

from mho.cli.interrupts import terminable
from mho.cli.tables import printable

__all__ = ["Failed", "exit_code", "note"]

_FAILED, _USAGE, _OUR_FAULT = 1, 2, 70

_LONGEST = 300
"""Characters of an error about arguments."""

_CHECKERS = ("mho", "sklearn", "distributed")
"""Packages whose `raise` of a ValueError or TypeError is about what the user gave."""

_OPTIONS = {
    "n_components": "-k",
    "n_clusters": "-k",
    "n_topics": "-k",
    "n_signatures": "-k",
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
    "layout='matrix'": "--layout matrix",
    "layout='triplets'": "--layout triplets",
    "missing='nan'": "--missing nan",
    "missing='unstored'": "--missing unstored",
}
"""What the library calls an argument, and the command line."""


class Failed(Exception):
    """Work that was done and did not come out as it had to."""


def exit_code(command: Callable[[], Any], *, typed: Collection[str] = (), debug: bool = False) -> int:
    """Run a command; tell what went wrong in one line, and whether it is a fault of mho.

    Parameters
    ----------
    command : callable
        What is run.
    typed : collection of str
        Words of the command line: the option among them that an error begins with is called as it was typed.
    debug : bool
        Print the traceback too.
    """
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
        if debug:
            traceback.print_exception(error)
        code = _code(error)
        if code is None:
            note(f"error: {type(error).__name__}: {_one_line(error)}")
            note("this is a fault of mho, please report it" + ("" if debug else "; with --debug it shows where"))
            return _OUR_FAULT
        note(f"error: {_as_typed(_as_options(_one_line(error)), typed)}")
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
    if isinstance(error, failures):
        return _FAILED
    if not _on_purpose(error):
        return None
    if isinstance(error, ArithmeticError):
        return _FAILED
    return _USAGE if isinstance(error, ValueError | TypeError) else None


def _on_purpose(error: Exception) -> bool:
    """Whether a `raise` of mho, or of a library that checks what users give, made the error, and no accident."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    package = last.tb_frame.f_globals.get("__name__", "").partition(".")[0]
    return package in _CHECKERS and last.tb_frame.f_code.co_code[last.tb_lasti] == opmap["RAISE_VARARGS"]


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return f"not enough memory{_reason(error)}"
    said = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        said = f"more is given than the command takes: {' '.join(error.unused_tokens)}"
    if isinstance(error, MissingArgumentError):
        given = rf"\2 must {'have a value' if error.keyword else 'be given'} (mho \1 --help)"
        said = re.sub(r'Command "(.*?)" parameter "?([^"\s]+)"? requires an argument\.', given, said)
    if isinstance(error, CycloptsError) and len(said) > _LONGEST:  # it repeats every argument that is too much
        return f"{said[:_LONGEST]} ... ({len(said) - _LONGEST} characters more)"
    return said


def _reason(error: BaseException) -> str:
    return f": {error}" if str(error) else ""


def _as_options(message: str) -> str:
    names = "|".join(map(re.escape, _OPTIONS))
    as_a_word = rf"(?<!\S)({names})(?![^\s,;:])"  # not as a part of a path
    message = re.sub(as_a_word, lambda found: _OPTIONS[found.group()], message)
    return re.sub(r"(?<!\S)(columns|sep|decimal|range)=", r"--\1 ", message).replace("--range -", "--range=-").rstrip()


def _as_typed(message: str, typed: Collection[str]) -> str:
    """Begin a message with the option whose argument it begins with, if that was typed."""
    name, _, rest = message.partition(" ")
    options = {word.partition("=")[0] for word in typed}
    for option in (f"--{name.replace('_', '-')}", f"--{name.removesuffix('s')}"):
        if rest.startswith(("must ", "contains ")) and option in options:
            return f"{option} {rest}"
    return message


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    note(f"warning: {_as_options(str(message))}")
