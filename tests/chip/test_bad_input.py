"""What a user may get wrong: one error that names the argument, what came and what is taken."""

import numpy as np
import pytest

from mho.chip import Chip, preset
from mho.engines import Analog, Digital, Hybrid
from mho.penalty import Penalty

IDEAL = preset("ideal")
A = np.random.default_rng(0).random((6, 3))


@pytest.mark.parametrize("name", ["g_max", "sigma", "pulses", "v_in", "v_out", "bandwidth", "kelvin", "integration"])
@pytest.mark.parametrize("value", [np.inf, np.nan, -1.0])
def test_properties_that_are_finite_and_not_negative(name, value):
    with pytest.raises(ValueError, match=f"{name} must be finite"):
        IDEAL.with_(**{name: value})


@pytest.mark.parametrize("name", ["g_min", "gain", "current_limit", "window", "temperature_slope", "read_volts"])
@pytest.mark.parametrize("value", ["1", None, True])
def test_properties_that_are_numbers(name, value):
    with pytest.raises(TypeError, match=f"{name} must be a number, got {value!r}"):
        IDEAL.with_(**{name: value})


@pytest.mark.parametrize("name", ["retries", "adc_ranges"])
def test_properties_that_count(name):
    with pytest.raises(TypeError, match=f"{name} must be a whole number, got 2.5"):
        IDEAL.with_(**{name: 2.5})
    with pytest.raises(ValueError, match=f"{name} must be at least 0, got -1"):
        IDEAL.with_(**{name: -1})


@pytest.mark.parametrize(
    ("penalty", "kind", "message"),
    [
        ({"l2": -1}, ValueError, "l2 must be finite and at least 0, got -1"),
        ({"l2": [1, 2]}, ValueError, r"l2 must be .* one for each of 3 columns, got shape \(2,\)"),
        ({"l2": "x"}, TypeError, "l2 must be a number or one for each column, got 'x'"),
        ({"l2": 1, "prior": np.nan}, ValueError, "prior must be finite and at least 0, got nan"),
        ({"l1": np.inf}, ValueError, "l1 must be finite and at least 0, got inf"),
    ],
)
def test_penalties(penalty, kind, message):
    with pytest.raises(kind, match=message):
        Chip(IDEAL).program(A, penalty=Penalty(**penalty))


@pytest.mark.parametrize("rows", [[6], "x", [1.5], np.ones(2, bool)])
def test_rows_to_refresh(rows):
    with pytest.raises(ValueError, match="rows must be an index of some of 6 rows, got"):
        Chip(IDEAL).program(A).refresh(rows)


def test_one_row_is_refreshed():
    chip = Chip(IDEAL.with_(sigma=0.1), seed=0)
    array = chip.program(A)
    before, cells = array.g_left, chip.ledger.cells
    array.refresh(-1)
    assert ((array.g_left != before).any(axis=1) == [False] * 5 + [True]).all()
    assert chip.ledger.cells - cells == 2 * 3 + np.ceil(array.store.comp.target[-1] / 35e-6 - 1e-9)


@pytest.mark.parametrize("b", [np.ones((6, 1)), np.ones(5), 1.0])
def test_right_hand_side_of_a_netlist(b):
    with pytest.raises(ValueError, match=r"b must have shape \(6,\), one right-hand side, got"):
        Chip(IDEAL).netlist(A, b)


def test_a_list_is_a_right_hand_side():
    array = Chip(IDEAL).program(A)
    np.testing.assert_array_equal(array.solve([1.0] * 6), array.solve(np.ones(6)))


@pytest.mark.parametrize(
    ("V", "kind", "message"),
    [
        ("x", TypeError, "V must hold real numbers"),
        (np.full(6, np.inf), ValueError, "V contains an infinite entry"),
        (np.ones(5), ValueError, "V must have 6 rows"),
    ],
)
def test_volts_of_the_bare_circuit(V, kind, message):
    with pytest.raises(kind, match=message):
        Chip(IDEAL).program(A).solve_volts([V] if isinstance(V, str) else V)


def test_a_chip_does_not_hold_a_sum():
    with pytest.raises(ValueError, match="total must be None here"):
        Chip(IDEAL).program(np.ones((3, 2)), penalty=Penalty(total=1.0))


@pytest.mark.parametrize("engine", [Chip(IDEAL), Digital(), Analog("ideal"), Hybrid("ideal")], ids=repr)
def test_a_number_is_no_penalty(engine):
    with pytest.raises(TypeError, match=r"^penalty must be a mho\.Penalty, as mho\.Penalty\(l2=1\.0\), got int$"):
        engine.program(np.ones((3, 2)), penalty=3)
