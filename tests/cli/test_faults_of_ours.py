"""Errors that a user makes and those that mho makes are told apart."""

import numpy as np
import pytest

from mho.cli.errors import exit_code


def _ours_by_numpy():
    np.zeros((2, 3)) @ np.zeros((2, 3))


def _ours_by_python():
    one, two = [1]
    return one, two


@pytest.mark.parametrize("fault", [_ours_by_numpy, _ours_by_python, lambda: 1 / 0, lambda: {}["a"]])
def test_an_accident_is_a_fault_of_mho(fault, capsys):
    assert exit_code(fault) == 70
    said = capsys.readouterr().err
    assert "fault of mho" in said
    assert "Traceback" not in said


def test_with_debug_it_is_shown_where(capsys):
    assert exit_code(_ours_by_numpy, debug=True) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "_ours_by_numpy" in said


def test_a_check_is_a_fault_of_the_user(mho, source, out):
    code, _, said = mho("factor", source, "-k", 0, "-o", out)
    assert code == 2
    assert "fault of mho" not in said
    code, _, said = mho("--debug", "factor", source, "-k", 0, "-o", out)
    assert code == 2
    assert "Traceback" in said


def test_what_scikit_learn_refuses_is_a_fault_of_the_user():
    from sklearn.utils import check_array

    assert exit_code(lambda: check_array(np.array([[np.nan]]))) == 2
