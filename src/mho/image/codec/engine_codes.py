"""Codes by non-negative least squares on an engine, the dictionary programmed once for all patches.

A chip's cells are non-negative and a patch x = (P - N)(h+ - h-) is not. With a common mode z >= 0 in every pixel, which
the difference of two rows takes away, everything is:

    P h+ + N h- + z = x+ + c
    N h+ + P h- + z = x- + c        x+ - x- = x,  x+ and x- >= 0,  c a constant that leaves z room

A small ridge on h+ and h- makes the smaller of each pair zero. On a chip this takes arrays of 128 rows and 192 columns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mho.engines import Engine, Penalty, engine_for
from mho.image.codec.chip_dictionary import ChipDictionary
from mho.image.codec.dictionary import FRACTION, Dictionary

__all__ = ["programmed"]

_RIDGE = 1e-3
"""Shrinks codes by 0.2 %: much less than rounding does."""

_ROOM = 4
"""c over the largest magnitude of a pixel: z stays positive where a pixel is made of many atoms that nearly cancel."""


def programmed(dictionary: Dictionary, engine: str | Engine | ChipDictionary) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from patches (64, n) to codes h+ - h- (64, n), both in grey levels.

    Parameters
    ----------
    dictionary : Dictionary
        What is programmed.
    engine : str or Engine or ChipDictionary
        Who solves; a `ChipDictionary` multiplies, and has to hold this dictionary.
    """
    if isinstance(engine, ChipDictionary):
        if not np.array_equal(engine.dictionary.atoms, dictionary.atoms):
            raise ValueError("engine must hold the dictionary of the file, got a ChipDictionary of another one")
        return engine.codes
    P, N = (cells * dictionary.scale / 2**FRACTION for cells in (dictionary.positive, dictionary.negative))
    k = P.shape[1]
    common = np.eye(len(P))
    ridge = np.concatenate([np.full(2 * k, _RIDGE), np.zeros(len(P))])
    held = engine_for(engine).program(np.block([[P, N, common], [N, P, common]]), penalty=Penalty(l2=ridge))

    def codes(patches: np.ndarray) -> np.ndarray:
        room = _ROOM * max(1.0, float(np.abs(patches).max()))
        rows = np.concatenate([np.maximum(patches, 0), np.maximum(-patches, 0)]) + room
        h = held.solve(rows.astype(np.float64))
        return h[:k] - h[k : 2 * k]

    return codes
