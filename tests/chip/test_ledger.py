import re

import numpy as np
import pytest
import scipy.sparse as sp

from mho import spice
from mho.chip import Chip, Ledger, as_circuit, ngspice_rest, preset
from mho.operands import Sparse
from mho.penalty import Penalty


def run(B, design="ideal", **penalty):
    chip = Chip(design, seed=0)
    A = np.random.default_rng(0).random((20, 4))
    array = chip.program(A, penalty=Penalty(**penalty))
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


WIRES = {"row_ohms": 20.0, "column_ohms": 20.0, "driver_ohms": 50.0, "sense_ohms": 50.0}
REFERENCE = {"g_min": 3.5e-6, "off_state": "circuit"}


def resistors(deck):
    """Names, ends and siemens of the cells, input conductances, compensation and wires of a netlist."""
    g_in = float(re.search(r"g_in=(\S+)", deck)[1])
    found = re.findall(
        r"^(R\S+) (\S+) (\S+) (\S+)$", re.sub(r"\.subckt.*?\.ends", "", deck, flags=re.DOTALL), re.MULTILINE
    )
    kept = [
        found for found in found if not found[0].startswith(("Rsum", "Rtf", "Rtaken"))
    ]  # of the reference's op-amps
    return [(one, other, g_in if ohms == "{1/g_in}" else 1 / float(ohms)) for _, one, other, ohms in kept]


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "changes",
    [{}, REFERENCE, WIRES, WIRES | REFERENCE, None],
    ids=["", "reference", "wires", "both", "realistic"],
)
def test_energy_of_a_solve_is_the_integral_of_power_in_ngspice(seed, changes):
    """In every resistor of the netlist, from zero to the time the loop is given, at which it is at rest."""
    rng = np.random.default_rng(seed)
    A = rng.random((16, 4))
    b = A @ rng.uniform(0.5, 1.5, (4, 1)) + 0.02 * rng.standard_normal((16, 1))
    design = preset("pku-2025-realistic") if changes is None else preset("pku-2025").with_(gain=1e5, **changes)
    chip = Chip(design.with_(dac_bits=None), seed=seed)
    array = chip.program(A)
    before = chip.ledger.copy()
    array.solve(b)
    spent = chip.ledger.since(before)
    seconds = spent.settle_seconds / spent.solves
    volts = array.volts(b[:, 0])
    deck = spice.netlist(as_circuit(array), volts, duration=seconds, step=seconds / 1000)
    transient = spice.run(deck.replace(".save", ".save all", 1))
    at = {"0": np.zeros(len(transient.time)), **transient.voltages}
    outputs = {node: np.zeros(len(transient.time)) for node in as_circuit(array).driving}
    heat, inputs = 0.0, np.zeros((16, len(transient.time)))
    for one, other, siemens in resistors(deck):
        current = siemens * (at[one] - at[other])
        heat = heat + current * (at[one] - at[other])
        for node, sign in ((one, 1), (other, -1)):
            if node in outputs:
                outputs[node] += sign * current
            if node[0] == "b":
                inputs[int(node[1:])] += sign * current
    x, current = np.array([at[node] for node in outputs]), np.array(list(outputs.values()))
    scale = 0.2 / np.abs(volts).max()  # the converters' range against the fixed scale
    scale = min(scale, 0.2 / (1.001 * x[:, -1].max()))

    def integral(rate):
        return np.trapezoid(rate, transient.time)

    rest = ngspice_rest(as_circuit(array), volts).outputs
    assert np.abs(x[-4:, -1] - rest).max() <= 2.0**-9 * np.abs(rest).max()  # half a step of the ADC
    once = spent.solves * scale
    assert spent.array_joules == pytest.approx(integral(heat) * once * scale, rel=0.02)
    assert spent.load_joules == pytest.approx(integral((x * current).sum(axis=0)) * once * scale, rel=0.02)
    assert spent.load_coulombs == pytest.approx(integral(np.maximum(current, 0).sum(axis=0)) * once, rel=0.02)
    assert spent.input_coulombs == pytest.approx(integral(-np.sign(volts) @ inputs) * once, rel=0.02)
    assert spent.peak_amperes == pytest.approx(current[:, -1].max() * scale, rel=0.02)


def test_chips_without_a_meter_answer_and_settle_the_same():
    class Unmetered(Ledger):
        metered = False

    A = np.random.default_rng(0).random((32, 4))
    both = []
    for ledger in (Ledger(), Unmetered()):
        chip = Chip("pku-2025-realistic", seed=0)
        chip.ledger = ledger
        both.append((chip.program(A).solve(A), chip.ledger))
    (X, counted), (same, uncounted) = both
    np.testing.assert_array_equal(X, same)
    assert counted.array_joules > uncounted.array_joules == 0
    assert counted.settle_seconds == uncounted.settle_seconds > 0
