from dataclasses import replace

import numpy as np
import pytest

from mho.spice import netlist

TIMES = {"duration": 1e-6, "step": 1e-9}


def elements(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_title_is_the_first_line_and_the_last_line_ends(make_circuit):
    text = netlist(make_circuit(4, 2), np.ones(4), title="Four rows", **TIMES)
    assert text.splitlines()[0] == "Four rows"
    assert text.endswith(".end\n")


def test_numbers_are_plain_and_read_back_exactly(make_circuit):
    circuit = make_circuit(4, 2)
    volts = np.array([0.1, -0.2, 1 / 3, 0.0], dtype=np.float64)
    text = netlist(circuit, volts, duration=np.float64(1e-6), step=np.float64(1e-9))
    assert "np." not in text
    np.testing.assert_array_equal([float(line.split()[3]) for line in elements(text, "Vb")], -volts)
    ohms = [float(line.split()[3]) for line in elements(text, "Rl")]
    np.testing.assert_array_equal(ohms, 1 / circuit.g_left.ravel())


def test_every_part_has_its_elements(make_circuit):
    text = netlist(make_circuit(5, 3), np.ones(5), **TIMES)
    counts = {start: len(elements(text, start)) for start in ("Vb", "Rin", "Rl", "Rr", "Xopamp", "* ---")}
    assert counts == {"Vb": 5, "Rin": 5, "Rl": 15, "Rr": 15, "Xopamp": 3, "* ---": 7}


def test_open_cells_and_rows_that_are_off_have_no_resistors(make_circuit):
    circuit = make_circuit(3, 2)
    g_left = circuit.g_left.copy()
    g_left[0, 1] = 0
    text = netlist(replace(circuit, g_left=g_left, word_lines=[True, True, False]), np.ones(3), **TIMES)
    assert [line.split()[0] for line in elements(text, "Rl")] == ["Rl0_0", "Rl1_0", "Rl1_1"]
    assert [line.split()[0] for line in elements(text, "Rr")] == ["Rr0_0", "Rr0_1", "Rr1_0", "Rr1_1"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"volts": np.ones(3)}, r"volts must have shape \(4,\)"),
        ({"volts": [0, 0, 0, np.inf]}, "volts contains an infinite entry"),
        ({"duration": 0}, "duration must be finite and above 0"),
        ({"step": -1e-9}, "step must be finite and above 0"),
        ({"title": "two\n.control"}, "title must be one line"),
        ({"title": ""}, "title must be one line"),
    ],
)
def test_a_bad_argument_is_named(make_circuit, change, says):
    arguments = {"volts": np.ones(4), **TIMES, **change}
    with pytest.raises(ValueError, match=says):
        netlist(make_circuit(4, 2), **arguments)
