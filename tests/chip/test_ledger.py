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
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("changes", [{}, {"g_min": 3.5e-6, "off_state": "circuit"}], ids=["", "reference columns"])
def test_energy_of_a_solve_is_the_integral_of_power_in_ngspice(seed, changes):
    """Sources and outputs deliver it; every node of the transient is saved, from zero to the time the loop is given."""
    rng = np.random.default_rng(seed)
    A = rng.random((16, 4))
    b = A @ rng.uniform(0.5, 1.5, (4, 1)) + 0.02 * rng.standard_normal((16, 1))
    chip = Chip(preset("pku-2025").with_(dac_bits=None, gain=1e5, **changes), seed=seed)
    array = chip.program(A)
    reference = array.conductances.reference
    before = chip.ledger.copy()
    array.solve(b)
    spent = chip.ledger.since(before)
    seconds = spent.settle_seconds / spent.solves
    volts = array.volts(b[:, 0])
    inner = [f"r{i}" for i in range(16)] + ([] if reference is None else ["y"])
    every_node = "\n".join(f".save v({node})" for node in inner)
    deck = spice.netlist(as_circuit(array), volts, duration=seconds, step=seconds / 2000)
    transient = spice.run(deck.replace(".tran", f"{every_node}\n.tran"))
    r = np.array([transient.voltages[f"r{i}"] for i in range(16)])
    x = np.array([transient.voltages[f"x{j}"] for j in range(4)])
    scale = 0.2 / np.abs(volts).max()  # the converters' range against the fixed scale
    scale = min(scale, 0.2 / (1.001 * x[:, -1].max()))
    left = array.g_left
    if reference is not None:
        x, left = np.vstack([x, transient.voltages["y"]]), np.column_stack([left, reference.left])
    current = left.sum(axis=0)[:, None] * x - left.T @ r
    inputs = array.g_in * volts[:, None] * (volts[:, None] + r)

    def integral(rate):
        return np.trapezoid(rate, transient.time)

    once = spent.solves * scale
    assert spent.load_joules == pytest.approx(integral((x * current).sum(axis=0)) * once * scale, rel=0.05)
    assert spent.array_joules == pytest.approx(
        integral((x * current).sum(axis=0) + inputs.sum(axis=0)) * once * scale, rel=0.05
    )
    assert spent.load_coulombs == pytest.approx(integral(np.maximum(current, 0).sum(axis=0)) * once, rel=0.05)
    assert spent.peak_amperes == pytest.approx(current[:, -1].max() * scale, rel=0.05)
