"""Parameters of the commands: their names, ranges and words, and how each is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.instrument.data_format import DataFormat
from mho.instrument.errors import ScpiError
from mho.instrument.message import Parameter

__all__ = ["Argument", "Values", "Whole", "Word", "read_arguments"]


@dataclass(frozen=True)
class Whole:
    """Whole number from `least` to `most`."""

    name: str
    least: int = 1
    most: int = 1 << 22

    @property
    def syntax(self) -> str:
        """Entry of the command table."""
        return f"<{self.name}>"

    def read(self, parameter: Parameter) -> int:
        """Return its value."""
        if parameter.kind != "number":
            raise ScpiError(-104, f"{self.name} must be a whole number, got a {parameter.kind}")
        value = float(parameter.value)
        if value != int(value) or not self.least <= value <= self.most:
            raise ScpiError(-222, f"{self.name} must be a whole number of {self.least} to {self.most}, got {value:g}")
        return int(value)


@dataclass(frozen=True)
class Word:
    """One of some words, in its short or long form; the short one is what is kept."""

    name: str
    choices: tuple[str, ...]
    optional: bool = False

    @property
    def syntax(self) -> str:
        """Entry of the command table."""
        words = "|".join(self.choices)
        return f"[,{words}]" if self.optional else words

    def read(self, parameter: Parameter) -> str:
        """Return its value; a number may be one of the words."""
        value = parameter.value
        given = f"{value:g}" if isinstance(value, float) else value
        for choice in self.choices:
            short = "".join(c for c in choice if not c.islower())
            if given in (short, choice.upper()):
                return short
        raise ScpiError(-224, f"{self.name} must be one of {', '.join(self.choices)}, got {str(given)[:40]}")


@dataclass(frozen=True)
class Values:
    """Numbers, one after the other or in a block; the last of a command's parameters."""

    name: str

    @property
    def syntax(self) -> str:
        """Entry of the command table."""
        return f"<{self.name}>"


Argument = Whole | Word | Values


def read_arguments(arguments: Sequence[Argument], given: Sequence[Parameter], data: DataFormat) -> list[Any]:
    """Return the values of a command's arguments.

    Parameters
    ----------
    arguments : sequence of Argument
        Of the command.
    given : sequence of Parameter
        As they came.
    data : DataFormat
        For blocks.

    Raises
    ------
    ScpiError
        Too few, too many, of another kind or out of range.
    """
    found: list[Any] = []
    for i, argument in enumerate(arguments):
        if isinstance(argument, Values):
            if i >= len(given):
                raise ScpiError(-109, f"{argument.name} must follow: numbers, or one block")
            return [*found, data.read(given[i:])]
        if i < len(given):
            found.append(argument.read(given[i]))
        elif not (isinstance(argument, Word) and argument.optional):
            raise ScpiError(-109, f"{argument.name} must follow")
    if len(given) > len(arguments):
        raise ScpiError(-108, f"there must be at most {len(arguments)} parameters, got {len(given)}")
    return found


def shaped(values: np.ndarray, rows: int, columns: int, name: str) -> np.ndarray:
    """Return values as an array (rows, columns).

    Raises
    ------
    ScpiError
        There are more or fewer.
    """
    wanted = rows * columns
    if len(values) != wanted:
        number = -109 if len(values) < wanted else -223
        raise ScpiError(number, f"{name} must be {rows} x {columns} = {wanted} values, got {len(values)}")
    return values.reshape(rows, columns)
