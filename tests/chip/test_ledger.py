import numpy as np
import pytest
import scipy.sparse as sp

from mho import spice
from mho.chip import Chip, as_circuit, preset
from mho.operands import Sparse


def run(B, design="ideal", **penalty):
    chip = Chip(design, seed=0)
    A = np.random.default_rng(0).random((20, 4))
    array = chip.program(A, **penalty)
    written = chip.ledger.copy()
    array.solve(B)
    return chip.ledger, written, array


def right_hand_sides(n=5):
    return np.random.default_rng(1).random((20, n))


def test_twice_the_right_hand_sides_are_twice_the_solving_and_the_same_writing():
    B = right_hand_sides()
    once, twice = run(B)[0], run(np.hstack([B, B]))[0]
    assert (once.cells, once.pulses, once.row_pulses) == (twice.cells, twice.pulses, twice.row_pulses)
    for name in ("solves", "dac_conversions", "adc_conversions", "settle_seconds", "amplifier_seconds", "array_joules"):
        assert getattr(twice, name) == pytest.approx(2 * getattr(once, name), rel=0.05), name


def test_writing_counts_both_copies_and_pulses():
    _, written, array = run(right_hand_sides(), "pku-2025")
    comp = np.ceil(array.g_comp / array.design.device.g_max).sum()  # several cells in parallel
    assert written.cells == pytest.approx(2 * 20 * 4 + comp, abs=0.1 * comp)
    assert written.pulses == 8.5 * written.cells
    assert written.solves == 0


def test_masks_lower_what_is_driven():
    B = right_hand_sides()
    known = np.random.default_rng(2).random(B.shape) < 0.5
    full, masked = run(Sparse(sp.csc_array(B), missing=True))[0], run(Sparse(np.where(known, B, np.nan)))[0]
    assert masked.dac_conversions / masked.solves < 0.7 * full.dac_conversions / full.solves
    assert masked.word_lines < 0.7 * full.word_lines
    assert masked.adc_conversions / masked.solves == full.adc_conversions / full.solves


@pytest.mark.parametrize("penalty", [{}, {"l2": 0.5, "prior": 1.0}], ids=["plain", "ridge"])
def test_energy_does_not_depend_on_how_the_right_hand_sides_are_stored(penalty):
    B = right_hand_sides()
    dense = run(B, **penalty)[0]
    for other in (sp.csc_array(B), Sparse(sp.csc_array(B), missing=True)):
        assert run(other, **penalty)[0].array_joules == pytest.approx(dense.array_joules, rel=1e-9)


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
def test_power_agrees_with_what_ngspice_dissipates():
    """Sum of V^2 G over every resistor at the node voltages that ngspice finds."""
    b = right_hand_sides(1)
    chip = Chip(preset("pku-2025").with_(adc_bits=None, dac_bits=None, gain=1e5), seed=0)
    array = chip.program(np.random.default_rng(0).random((20, 4)))
    circuit, volts = as_circuit(array), array.volts(b[:, 0])
    x = spice.rest(circuit, volts).outputs
    r = (array.g_left @ x - array.g_in * volts) / (
        array.g_left.sum(axis=1) + array.g_right.sum(axis=1) + array.g_in + array.g_comp
    )
    watts = (
        np.sum(array.g_left * (x - r[:, None]) ** 2)
        + np.sum(array.g_right * r[:, None] ** 2)
        + np.sum(array.g_in * (volts + r) ** 2)
        + np.sum(array.g_comp * r**2)
    )
    before = chip.ledger.copy()
    array.solve(b)
    scale = 0.2 / volts.max()  # the converters' range against the fixed scale
    peak = x.max() * scale
    scale *= min(1.0, 0.2 / (1.001 * peak)) if peak > 0.2 else 1.0
    seconds = (chip.ledger.settle_seconds - before.settle_seconds) / (chip.ledger.solves - before.solves)
    assert chip.ledger.array_joules == pytest.approx(watts * scale**2 * seconds, rel=0.01)
