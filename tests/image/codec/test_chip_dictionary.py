"""The dictionary on a chip that multiplies."""

from copy import copy

import numpy as np
import pytest
from skimage import data

from mho.cost import estimate
from mho.image import ChipDictionary
from mho.image.codec import Dictionary, Picture, decode, encode, universal_dictionary
from mho.image.codec.planes import to_patches, to_planes
from mho.image.quality import psnr_of_pixels

PIXELS = data.camera()[100:164, 200:328]
PATCHES = to_patches(to_planes(PIXELS)[0]).reshape(64, -1)


def test_a_chip_without_error_gives_the_inverses_codes():
    expected = np.linalg.solve(universal_dictionary().atoms, PATCHES)
    found = ChipDictionary(chip="ideal", seed=0).codes(PATCHES)
    assert np.linalg.norm(found - expected) < 1e-3 * np.linalg.norm(expected)


def test_cells_of_4_bits_with_an_error_of_2_percent_show_little_at_a_low_rate():
    plain, chip = (
        encode(Picture(PIXELS), quality=30),
        encode(Picture(PIXELS), quality=30, engine=ChipDictionary(seed=0)),
    )
    psnrs = [psnr_of_pixels(PIXELS, decode(file).pixels) for file in (plain, chip)]
    assert psnrs[0] - 0.3 < psnrs[1] < psnrs[0] + 0.1
    assert len(chip) < 1.05 * len(plain)


def test_the_dictionary_is_written_once_for_all_pictures():
    chip = ChipDictionary(seed=0)
    written = chip.ledger.pulses
    for _ in range(3):
        encode(Picture(PIXELS), engine=chip)
    assert chip.ledger.pulses == written > 0
    assert chip.ledger.solves == 3 * PATCHES.shape[1]


def test_writing_takes_less_than_a_percent_of_a_hundred_photos():
    """Of .39 megapixels in colour, 1.5 samples a pixel, in 40 nm."""
    chip = ChipDictionary(seed=0)
    written = copy(chip.ledger)
    chip.codes(PATCHES)
    once, each = estimate(written, "40nm"), estimate(chip.ledger.since(written), "40nm")
    photos = 100 * 512 * 768 * 1.5 / PATCHES.size
    assert once.write_seconds.typical < 0.01 * photos * each.solve_seconds.typical
    assert once.write_joules.typical < 0.01 * photos * each.solve_joules.typical


def test_another_dictionary_than_the_files_is_refused():
    other = Dictionary.quantised(np.linalg.qr(np.random.default_rng(0).normal(size=(64, 64)))[0])
    with pytest.raises(ValueError, match="engine must hold the dictionary"):
        encode(Picture(PIXELS), engine=ChipDictionary(other, seed=0))
