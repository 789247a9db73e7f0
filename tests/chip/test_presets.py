"""Presets have the published numbers of their cells, and chips made of them show these numbers."""

from pathlib import Path

import numpy as np
import pytest

from mho import spice
from mho.chip import Chip, ChipError, as_circuit, ngspice_rest, preset, presets
from mho.penalty import Penalty

MICRO = 1e-6
BAKED = Path(__file__).parent / "data/tech_a_bake_220.csv"
DAY = 86400.0


def spread(name, micro, seconds):
    """Standard deviation in uS of the cells of a preset, by the law it was given."""
    return preset(name).device.relaxation.moments(np.asarray(micro) * MICRO, seconds)[1] / MICRO


@pytest.mark.parametrize("name", presets())
def test_every_preset_solves(name):
    A = np.random.default_rng(0).uniform(0.3, 1, (64, 8))
    x = np.random.default_rng(1).random(8)
    answer = Chip(preset(name), seed=0).program(A).solve(A @ x)
    assert np.linalg.norm(answer - x) < 0.35 * np.linalg.norm(x)


def test_neurram_has_the_peaks_of_the_published_figure():
    levels = np.arange(1, 41)
    for seconds, peak in ((1.0, 2.3), (DAY, 4.0), (2 * DAY, 4.0)):
        assert spread("neurram", levels, seconds).max() == pytest.approx(peak, abs=0.1)
    assert 9 <= levels[spread("neurram", levels, 1.0).argmax()] <= 12
    assert spread("neurram", 40, 1.0) == pytest.approx(1.1, abs=0.05)


def test_milo_2021_has_the_spread_of_its_line_and_does_not_age():
    assert spread("milo-2021", [50, 225], 0.0) == pytest.approx([4.33, 2.73], abs=0.01)
    with pytest.raises(ChipError, match="cannot be aged to 1 s"):
        Chip(preset("milo-2021"), seed=0).program(np.ones((4, 2))).age(1)


@pytest.mark.parametrize("seconds", [1.0, 30.0, 3e4])
def test_cmo_hfox_follows_its_logarithms(seconds):
    law = preset("cmo-hfox").device.relaxation
    shift, found = (part / MICRO for part in law.moments(np.array(50e-6), seconds))
    assert shift == pytest.approx(-0.0890 * np.log(seconds), abs=0.02)
    assert found == pytest.approx(np.hypot(0.412 + 0.0420 * np.log(seconds), 0.054), abs=0.02)


def test_cmo_hfox_reads_with_the_published_noise_in_the_middle():
    noise = preset("cmo-hfox").device.noise
    found = noise.spread(np.array(50e-6), DAY, 1e-6, 300.0) / MICRO
    assert found == pytest.approx(0.0277 * np.log10(50) * np.sqrt(np.log((DAY + 1e-6) / 2e-6)), rel=0.01)


def test_fitted_cells_agree_with_the_published_figure_of_cells_of_their_kind():
    micro = [5, 10, 20, 30]
    for seconds in (1.0, DAY):
        assert spread("rram-tech-c", micro, seconds) == pytest.approx(spread("neurram", micro, seconds), rel=0.25)


def test_a_chip_of_relaxing_cells_gets_worse():
    A = np.random.default_rng(0).random((128, 10))
    X = np.random.default_rng(1).random((10, 20))
    array = Chip("rram-tech-c", seed=0).program(A)
    fresh = np.linalg.norm(array.solve(A @ X) - X)
    array.age(1e5)
    assert np.linalg.norm(array.solve(A @ X) - X) > 2 * fresh


@pytest.mark.parametrize("level", range(8))
def test_rram_tech_a_bakes_as_single_cells_did(level):
    reads = np.loadtxt(BAKED, delimiter=",", skiprows=2)  # range, seconds, nanosiemens: 60 cells of 8 ranges
    number = np.unique(reads[:, 0])[level]
    before, after = (reads[(reads[:, 0] == number) & (reads[:, 1] == t), 2] * 1e-9 for t in np.unique(reads[:, 1]))
    design = preset("rram-tech-a").with_(levels=None, columns=100)
    share = before.mean() / design.device.g_max
    array = Chip(design, seed=0).program(np.vstack([np.full((40, 100), share), np.ones((1, 100))]))
    array.age(4566, kelvin=220 + 273.15)
    baked = array.g_left[:-1]
    assert baked.mean() == pytest.approx(after.mean(), abs=4 * after.std() / np.sqrt(60))
    assert baked.std() == pytest.approx(after.std(), rel=0.5)  # of 60 cells with heavy tails


def test_rram_tech_a_knows_no_room_temperature():
    array = Chip("rram-tech-a", seed=0).program(np.ones((4, 2)))
    with pytest.raises(ChipError, match=r"fitted from 373\.15 to 533\.15 K"):
        array.age(1.0, kelvin=300.0)


@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
def test_larger_inputs_double_outputs_and_leave_exact_answers(topology):
    A, x = np.random.default_rng(0).uniform(0.3, 1, (16, 4)), np.r_[0.5, 0.0, 1.0, 0.8]
    design = preset("ideal").with_(topology=topology, gain=1e9)
    arrays = [Chip(design.with_(input_ratio=ratio)).program(A) for ratio in (1.0, 4.0)]
    for array in arrays:
        np.testing.assert_allclose(array.solve(A @ x), x, atol=1e-6)
    volts = [x / array.units_per_volt for array in arrays]  # at the same inputs
    np.testing.assert_allclose(volts[1], 4 * volts[0])
    if spice.available():
        V = arrays[1].volts(A @ x)
        found = ngspice_rest(as_circuit(arrays[1]), V).outputs
        np.testing.assert_allclose(found, arrays[1].solve_volts(V), atol=1e-5 * found.max())


@pytest.mark.parametrize(("name", "value"), [("input_ratio", 2.0), ("fill", 0.5)])
def test_larger_inputs_and_cells_filled_in_part_are_for_least_squares(name, value):
    message = f"{name} must be 1 where no least squares are solved, got {value:g} with 'inv'"
    with pytest.raises(ValueError, match=message):
        preset("ideal").with_(topology="inv", **{name: value})
    with pytest.raises(ValueError, match=r"fill must be at most 1, got 1\.5"):
        preset("ideal").with_(fill=1.5)


@pytest.mark.parametrize(
    ("topology", "entries"),
    [("compact", "nonnegative"), ("compact", "signed"), ("classic", "nonnegative"), ("gram", "nonnegative")],
)
def test_cells_filled_in_part_leave_exact_answers(topology, entries):
    A, x = np.random.default_rng(0).uniform(0.3, 1, (16, 4)), np.r_[0.5, 0.0, 1.0, 0.8]
    design = preset("ideal").with_(topology=topology, entries=entries, gain=1e9)
    full, half = (Chip(design.with_(fill=fill)).program(A, penalty=Penalty(l2=0.1)) for fill in (1.0, 0.5))
    np.testing.assert_allclose(half.solve(A @ x), full.solve(A @ x), atol=1e-5)
    above = full.g_left[:16] - (design.device.half_way if entries == "signed" else 0.0)
    np.testing.assert_allclose(full.g_left[:16] - half.g_left[:16], above / 2, atol=1e-12)


def test_cells_filled_to_half_take_half_of_the_wires_error():
    A = np.random.default_rng(0).uniform(0.3, 1, (128, 4))
    x = np.r_[0.5, 0.2, 1.0, 0.8]
    design = preset("ideal").with_(gain=1e9, bus_ohms=2.0, tile_rows=16)
    errors = [np.linalg.norm(Chip(design.with_(fill=f)).program(A).solve(A @ x) - x) for f in (1.0, 0.5, 0.25)]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 2.0, rtol=0.15)
