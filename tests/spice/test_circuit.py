from dataclasses import replace

import numpy as np
import pytest

from mho.circuits import ClassicGinv, CompactGinv, GramInv, Mvm, OpAmp


@pytest.mark.parametrize(
    ("field", "value", "kind", "says"),
    [
        ("g_left", [[1e-6, -1e-6]], ValueError, "g_left contains a negative"),
        ("g_right", np.ones((3, 2)), ValueError, r"g_right must have the shape of g_left, \(4, 2\), got \(3, 2\)"),
        ("g_right", np.zeros((4, 2)), ValueError, "g_right must connect every column .* column 0"),
        ("g_comp", np.zeros(3), ValueError, r"g_comp must have shape \(4,\), one per row, got \(3,\)"),
        ("g_comp", [0, 0, 0, np.nan], ValueError, "g_comp contains NaN"),
        ("g_in", 0, ValueError, "g_in must be finite and above 0"),
        ("word_lines", [1, 0, 1, 1], TypeError, "word_lines must be boolean"),
        ("word_lines", [True], ValueError, r"word_lines must have shape \(4,\)"),
        ("word_lines", np.zeros(4, dtype=bool), ValueError, "word line is on"),
        ("places", np.array([True, False, False]), ValueError, "places must hold 2 columns, got 1"),
        ("places", [1, 1], TypeError, "places must be boolean"),
    ],
)
def test_a_bad_field_is_named(make_circuit, field, value, kind, says):
    with pytest.raises(kind, match=says):
        replace(make_circuit(4, 2), **{field: value})


def test_later_changes_to_the_callers_arrays_do_not_reach_the_circuit():
    g = np.full((3, 2), 1e-6)
    circuit = CompactGinv(g_left=g, g_right=g, g_comp=np.zeros(3), g_in=1e-6, opamp=OpAmp(gain=1e5, bandwidth=1e8))
    g[:] = 7.0
    assert circuit.g_left.max() == 1e-6
    with pytest.raises(ValueError, match="read-only"):
        circuit.g_left[0, 0] = 7.0


def test_sums_leave_out_rows_whose_word_line_is_off():
    circuit = CompactGinv(
        g_left=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        g_right=[[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]],
        g_comp=[100.0, 200.0, 300.0],
        g_in=0.5,
        opamp=OpAmp(gain=1e5, bandwidth=1e8),
        word_lines=[True, False, True],
    )
    np.testing.assert_array_equal(circuit.row_conductance, [133.5, 421.5])
    np.testing.assert_array_equal(circuit.column_conductance, [60.0, 80.0])


def classic(G, opamp, **options):
    return ClassicGinv(g_left=G, g_right=G, g_feedback=np.ones(len(G)), g_in=1.0, opamp=opamp, **options)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gain": 0}, "gain must be finite and above 0"),
        ({"bandwidth": np.inf}, "bandwidth must be finite"),
        ({"slew_rate": 0}, "slew_rate must be above 0"),
        ({"v_max": -1}, "v_max must be above 0"),
        ({"clamp": "ideal"}, "clamp must be one of 'rectifying', 'single-supply', got 'ideal'"),
    ],
)
def test_a_bad_property_of_an_op_amp_is_named(change, says):
    with pytest.raises(ValueError, match=says):
        OpAmp(**{"gain": 1e4, "bandwidth": 1e8} | change)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda opamp: GramInv(g_gram=np.ones((2, 3)), g_in=1.0, opamp=opamp), "g_gram must be square"),
        (lambda opamp: Mvm(g=np.ones((2, 3)), g_feedback=0, opamp=opamp), "g_feedback must be finite and above 0"),
        (lambda opamp: classic(np.zeros((3, 2)), opamp), "g_right must connect every column"),
        (lambda opamp: classic(np.ones((3, 2)), opamp, offset=np.ones(3)), r"offset must have shape \(2,\)"),
    ],
)
def test_a_bad_field_of_the_other_circuits_is_named(build, says):
    with pytest.raises(ValueError, match=says):
        build(OpAmp(gain=1e4, bandwidth=1e8))
