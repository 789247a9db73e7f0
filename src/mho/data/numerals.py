"""Numbers as people and other programs write them: 3,5 and 1.234,5, true and false."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Numerals", "notation", "numerals"]

_COMMA = re.compile(r"[+-]?[0-9]+,([0-9]+)")
_POINT = re.compile(r"[+-]?[0-9]+\.([0-9]+)")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+(\.[0-9]{3})*,[0-9]+")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_TRUTH = {"true": "1", "false": "0"}
_THOUSAND = 3
"""Digits between marks of thousands."""


@dataclass(frozen=True)
class Numerals:
    """A way to write numbers.

    Attributes
    ----------
    decimal : {".", ","}
        What parts the fraction; the other one may part thousands.
    truth : bool
        true and false are 1 and 0, in any case.
    """

    decimal: Literal[".", ","] = "."
    truth: bool = False

    def __str__(self) -> str:
        return "true is 1, false is 0" if self.truth else "decimal comma" if self.decimal == "," else "decimal point"

    def plain(self, text: str) -> str:
        """Return `text` as float reads it, if it is such a number; else as it is, unless float would misread it."""
        text = text.strip()
        if self.truth:
            return _TRUTH.get(text.lower(), text)
        other = "." if self.decimal == "," else ","
        if other in text:
            grouped = rf"[+-]?[0-9]{{1,3}}({re.escape(other)}[0-9]{{3}})+({re.escape(self.decimal)}[0-9]+)?"
            text = text.replace(other, "") if re.fullmatch(grouped, text) else "no number"
        return text.replace(self.decimal, ".")


def numerals(texts: Sequence[str], decimal: Literal["", ".", ","], *, semicolons: bool) -> Numerals | None:
    """Return the notation of the ratings in `texts`; None if float reads them.

    Parameters
    ----------
    texts : sequence of str
        Those that occur, each once.
    decimal : {"", ".", ","}
        What the caller says.
    semicolons : bool
        Whether fields are parted by semicolons, as where a comma parts the fraction.

    Raises
    ------
    ValueError
        They can be read in two ways.
    """
    if decimal:
        return Numerals(decimal)
    given = [text.strip() for text in texts if text.strip()]
    if given and all(text.lower() in _TRUTH for text in given):
        return Numerals(truth=True)
    commas, points = ([found[1] for found in map(mark.fullmatch, given) if found] for mark in (_COMMA, _POINT))
    if commas and not points:
        if all(len(digits) == _THOUSAND for digits in commas):
            raise ValueError(_twofold(given, ","))
        return Numerals(",")
    thousands = semicolons and points and all(len(digits) == _THOUSAND for digits in points)
    if thousands and all(_WHOLE.fullmatch(text) or _POINT.fullmatch(text) for text in given):
        raise ValueError(_twofold(given, "."))
    return None


def notation(texts: Sequence[str]) -> Numerals | None:
    """Return the notation of a table's fields, which no comma parts; None where none has a decimal comma.

    Parameters
    ----------
    texts : sequence of str
        Names among them do not count.

    Raises
    ------
    ValueError
        They can be read in two ways.
    """
    given = [text.strip() for text in texts]
    commas = list(filter(_DECIMAL_COMMA.fullmatch, given))
    if not commas:
        return None
    if all(map(_GROUPED.fullmatch, commas)):
        raise ValueError(f"numbers such as {commas[0]} may be thousands or fractions")
    points = [text for text in given if (found := _POINT.fullmatch(text)) and len(found[1]) != _THOUSAND]
    if points:
        raise ValueError(f"some numbers have a comma, such as {commas[0]}, and some a point, such as {points[0]}")
    return Numerals(",")


def _twofold(given: Sequence[str], mark: str) -> str:
    example = next(text for text in given if mark in text)
    return f"ratings such as {example} may be thousands or fractions; say decimal=. or decimal=,"
