"""Headers of SCPI: long and short forms of each word, optional words, and those that a typed header stands for."""

from __future__ import annotations

import re
from itertools import product

__all__ = ["spellings"]

_NODE = re.compile(r"(\[)?:?([A-Za-z*]+)(\])?")


def spellings(pattern: str) -> set[str]:
    """Return all headers that a pattern stands for, in capitals.

    Parameters
    ----------
    pattern : str
        Short forms in capitals, optional words in brackets, a question mark for a query: ``"SYSTem:ERRor[:NEXT]?"``.

    Examples
    --------
    >>> from mho.instrument.headers import spellings
    >>> sorted(spellings("FETCh?")), len(spellings("SYSTem:ERRor[:NEXT]?"))
    (['FETC?', 'FETCH?'], 8)
    """
    query = "?" * pattern.endswith("?")
    nodes = [_forms(word, bool(optional)) for optional, word, _ in _NODE.findall(pattern)]
    return {":".join(filter(None, words)) + query for words in product(*nodes)}


def _forms(word: str, optional: bool) -> set[str]:
    short = "".join(c for c in word if not c.islower())
    return {short, word.upper()} | ({""} if optional else set())
