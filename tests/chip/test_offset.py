"""Input offset of the op-amps against ngspice, and against scaling, which it breaks."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array

from mho import spice
from mho.chip import Chip, ChipError, Wires, as_circuit, ngspice_rest, preset
from mho.operands import Sparse
from mho.penalty import Penalty

DESIGN = preset("ideal").with_(sigma=0.02, g_min=0.5e-6, gain=1e4, offset=1e-3)


def problem(size, seed):
    rng = np.random.default_rng(seed)
    A = rng.random(size)
    wanted = rng.uniform(0.5, 1.5, size[1])
    wanted[::3] = -0.5  # pushed against the clamp
    return A, A @ wanted


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize("size", [(16, 4), (32, 8)])
@pytest.mark.parametrize("wires", [Wires(), Wires(row_ohms=2.0, column_ohms=2.0)], ids=["alone", "with wires"])
def test_ngspice_comes_to_the_same_rest(size, wires):
    A, b = problem(size, 1)
    array = Chip(replace(DESIGN, wires=wires), seed=1).program(A)
    volts = array.volts(b)
    rest = ngspice_rest(as_circuit(array), volts)
    assert rest.settled
    np.testing.assert_allclose(array.solve_volts(volts), rest.outputs, rtol=0, atol=1e-4 * rest.outputs.max())
    none = Chip(replace(DESIGN.with_(offset=0.0), wires=wires), seed=1).program(A)
    assert np.abs(none.solve_volts(volts) - rest.outputs).max() > 1e-2 * rest.outputs.max()


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
def test_every_right_hand_side_is_ranged_so_that_its_units_do_not_matter(factor):
    A, b = problem((16, 4), 2)
    array = Chip(DESIGN, seed=2).program(A)
    np.testing.assert_allclose(array.solve(factor * b), factor * array.solve(b), rtol=1e-9, atol=1e-9 * factor)


def test_the_converters_range_is_the_one_the_offset_meets():
    A, b = problem((16, 4), 3)
    array = Chip(DESIGN, seed=3).program(A)
    range_ = array.design.converters.v_in / np.abs(array.volts(b)).max()
    expected = array.solve_volts(array.volts(b) * range_) / range_
    np.testing.assert_allclose(array.solve(b), expected * array.units_per_volt, rtol=1e-9, atol=1e-12)


def test_offsets_belong_to_the_chip_and_outlast_programming():
    chip = Chip(DESIGN, seed=4)
    first, second = (chip.program(problem((16, 4), seed)[0]).offset_volts for seed in (1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, Chip(DESIGN, seed=5).program(problem((16, 4), 1)[0]).offset_volts)


def test_an_answer_that_leaves_the_range_is_solved_until_it_fits():
    A, b = problem((16, 4), 6)
    narrow, wide = (Chip(DESIGN.with_(v_out=v_out, offset=1e-5), seed=6) for v_out in (0.02, 0.2))
    x, expected = narrow.program(A).solve(b), wide.program(A).solve(b)
    assert narrow.ledger.solves > wide.ledger.solves == 1
    assert 1e-4 < np.abs(x - expected).max() / expected.max() < 0.05  # smaller inputs, the same offset


def test_an_offset_beyond_the_range_is_refused():
    A, b = problem((16, 4), 6)
    array = Chip(DESIGN.with_(v_out=1e-4), seed=6).program(A)
    with pytest.raises(ChipError, match="offset"):
        array.solve(b)


@pytest.mark.parametrize("penalty", [{}, {"l2": 0.5, "prior": 0.4, "l1": 0.1}], ids=["plain", "with penalties"])
def test_right_hand_sides_of_all_rows_are_the_same_with_and_without_word_lines(penalty):
    """The kernel of masked right-hand sides gets the offset's current as pseudo rows, the other one in q."""
    A, b = problem((16, 4), 7)
    array = Chip(DESIGN.with_(offset=1e-4), seed=7).program(A, penalty=Penalty(**penalty))
    B = np.stack([b, 0.3 * b[::-1], b**2], axis=1)
    masked = array.solve(Sparse(csc_array(B), missing=True))
    np.testing.assert_allclose(masked, array.solve(B), rtol=1e-9, atol=1e-12)
