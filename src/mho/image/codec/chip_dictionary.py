"""The dictionary on a chip that multiplies: programmed once for all pictures, patches in batches, one step each."""

from __future__ import annotations

import numpy as np

from mho.chip import Chip, ChipDesign, Ledger, preset
from mho.image.codec.dictionary import Dictionary
from mho.image.codec.universal import universal_dictionary

__all__ = ["ChipDictionary"]

_BATCH = 1 << 14
"""Patches multiplied at once, to bound memory."""


class ChipDictionary:
    """Codes of patches by the dictionary's inverse in an array of cells; give it to `encode` as its engine.

    The inverse has both signs, which the middle of the cells' range divides. The flat atom has no cells: its code is
    the patch's mean, which is taken away first, so that converters and cells serve what is left.

    Parameters
    ----------
    dictionary : Dictionary, optional
        By default the universal one.
    chip : ChipDesign or str
        Made to multiply ("mvm") with signed entries, whatever it says of that; arrays of 64 columns at least.
    seed : int, optional
        For the errors of its cells.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.image import ChipDictionary
    >>> from mho.image.codec import Picture, encode
    >>> chip, pixels = ChipDictionary(seed=0), np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8)
    >>> files = [encode(Picture(pixels), engine=chip) for _ in range(3)]
    >>> int(chip.ledger.cells) == 2 * 63 * 64, int(chip.ledger.solves)
    (True, 48)
    """

    def __init__(
        self, dictionary: Dictionary | None = None, chip: ChipDesign | str = "pku-2025-4bit", *, seed: int | None = None
    ) -> None:
        self.dictionary = dictionary or universal_dictionary()
        design = preset(chip) if isinstance(chip, str) else chip
        self._chip = Chip(design.with_(topology="mvm", entries="signed"), seed=seed)
        inverse = np.linalg.inv(self.dictionary.atoms.astype(np.float64))
        self._flat = inverse[0].sum()
        self._product = self._chip.program(inverse[1:])

    @property
    def ledger(self) -> Ledger:
        """Events since it was made, writing included; `mho.cost` turns them into time and energy."""
        return self._chip.ledger

    def codes(self, patches: np.ndarray) -> np.ndarray:
        """Return the codes (64, n) of patches (64, n), both in grey levels.

        Parameters
        ----------
        patches : ndarray of shape (64, n)
            As the codec cuts them.
        """
        mean = patches.mean(axis=0)
        rest = (patches - mean).astype(np.float64)
        batches = [self._product.multiply(rest[:, at : at + _BATCH]) for at in range(0, rest.shape[1], _BATCH)]
        return np.vstack([self._flat * mean, *[np.hstack(batches)]])
