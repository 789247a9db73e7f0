"""The dictionary in an engine: the same codes as by its inverse."""

import numpy as np
import pytest
from scipy.optimize import nnls
from skimage import data

from mho import Analog, Hybrid
from mho.chip import preset
from mho.image.codec import Picture, decode, encode, universal_dictionary
from mho.image.codec.engine_codes import programmed
from mho.image.codec.planes import to_patches, to_planes
from mho.image.quality import psnr_of_pixels

PIXELS = data.camera()[100:148, 200:264]
ARRAYS = {"rows": 128, "columns": 192}


def _patches(count):
    return to_patches(to_planes(PIXELS)[0]).reshape(64, -1)[:, :count]


def test_the_inverse_gives_the_non_negative_least_squares_solution():
    dictionary = universal_dictionary()
    atoms, patches = dictionary.atoms, _patches(4)
    codes = dictionary.codes(patches)
    for patch, code in zip(patches.T, codes.T, strict=True):
        pair, residual = nnls(np.concatenate([atoms, -atoms], axis=1), patch.astype(float))
        assert residual < 1e-3
        np.testing.assert_allclose(pair[:64] - pair[64:], code, atol=1e-2)


@pytest.mark.parametrize("engine", ["digital", Analog(preset("ideal").with_(**ARRAYS), seed=0)])
def test_an_engine_without_error_agrees(engine):
    patches = _patches(3)
    found = programmed(universal_dictionary(), engine)(patches)
    expected = universal_dictionary().codes(patches)
    assert np.linalg.norm(found - expected) < 0.004 * np.linalg.norm(expected)


def test_an_engine_makes_the_same_picture():
    plain, solved = encode(Picture(PIXELS)), encode(Picture(PIXELS), engine="digital")
    assert abs(len(plain) - len(solved)) < 0.02 * len(plain)
    psnrs = [psnr_of_pixels(PIXELS, decode(file).pixels) for file in (plain, solved)]
    assert psnrs[1] == pytest.approx(psnrs[0], abs=0.1)


def test_a_noisy_chip_s_codes_are_wrong_and_the_hybrid_repairs_them():
    design = preset("pku-2025").with_(**ARRAYS)
    patches, exact = _patches(2), universal_dictionary().codes(_patches(2))
    errors = [
        np.linalg.norm(programmed(universal_dictionary(), engine)(patches) - exact) / np.linalg.norm(exact)
        for engine in (Analog(design, seed=0), Hybrid(design, seed=0))
    ]
    assert errors[1] < 0.004 < 0.02 < errors[0]
