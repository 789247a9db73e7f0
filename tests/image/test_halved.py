"""Whole pictures at half the numbers."""

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mho.chip import preset
from mho.engines import Hybrid
from mho.image import half_rank, halve, truncated

PICTURES = ["camera", "moon", "coffee"]


@pytest.fixture(scope="module", params=PICTURES)
def halved(request):
    pixels = getattr(data, request.param)()
    return pixels, halve(pixels)


def test_half_the_numbers_look_like_the_picture(halved):
    pixels, picture = halved
    channel_axis = None if pixels.ndim == 2 else 2
    assert picture.storage <= 0.5
    assert peak_signal_noise_ratio(pixels, picture.pixels) >= 29.5
    assert structural_similarity(pixels, picture.pixels, channel_axis=channel_axis) >= 0.82


def test_8_bit_factors_cost_less_than_a_tenth_of_a_dB_and_halve_the_bits(halved):
    pixels, picture = halved
    rounded = picture.rounded(pixels, 8)
    loss = peak_signal_noise_ratio(pixels, picture.pixels) - peak_signal_noise_ratio(pixels, rounded.pixels)
    assert loss < 0.1
    samples = 1 if pixels.ndim == 2 else 3
    assert rounded.bits_per_pixel(8) == pytest.approx(8 * samples / 2, rel=0.02)
    for channel in rounded.channels:
        used = channel.H[channel.H.any(axis=1)]
        shares = used / used.max(axis=1, keepdims=True) * 255
        assert np.abs(shares - np.rint(shares)).max() < 1e-3


def test_no_product_of_that_rank_is_closer_than_the_singular_values(halved):
    pixels, picture = halved
    bound = truncated(pixels, half_rank(*pixels.shape[:2]))
    assert peak_signal_noise_ratio(pixels, bound) > peak_signal_noise_ratio(pixels, picture.pixels)


@pytest.mark.parametrize("pixels", [data.camera(), data.astronaut()[..., 1]], ids=["camera", "astronaut's green"])
def test_the_chip_and_two_digital_passes_come_near(pixels):
    pixels = np.ascontiguousarray(pixels[160:352, 160:352])
    digital, hybrid = (peak_signal_noise_ratio(pixels, halve(pixels, engine=e).pixels) for e in ("digital", "hybrid"))
    assert digital - hybrid < 0.6  # 0.7 and 0.9 without reading back; whole pictures lose more, docs/do/halved.md


def test_a_named_chip_is_the_one_that_is_told_read_back():
    pixels = data.camera()[::8, ::8]
    told = preset("pku-2025-4bit").with_(off_state="circuit")
    named = halve(pixels, engine="hybrid", max_iter=5, random_state=3)
    given = halve(pixels, engine=Hybrid(told, seed=3, passes=2, readback=True), max_iter=5, random_state=3)
    assert np.array_equal(named.channels[0].W, given.channels[0].W)


def test_what_is_no_picture_is_refused():
    with pytest.raises(TypeError, match="8-bit"):
        halve(np.zeros((8, 8)))
    with pytest.raises(ValueError, match="shape"):
        halve(np.zeros((8, 8, 2), np.uint8))
    with pytest.raises(ValueError, match="bits"):
        halve(data.camera()[::16, ::16], max_iter=2).rounded(data.camera()[::16, ::16], 17)
