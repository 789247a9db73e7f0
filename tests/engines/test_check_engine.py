"""`check_engine` takes every engine of the house, and names the law that another breaks."""

import numpy as np
import pytest
from scipy.optimize import nnls as scipy_nnls

from mho.chip import REFUSED_OPERANDS
from mho.engines import Analog, Engine, LawBroken, Penalty, Programmed, as_factor, check_engine, check_rhs

from .conftest import EXACT


def test_engines_of_the_house_hold_the_laws(engine, request):
    topology = engine.chip.design.topology if isinstance(engine, Analog) else None
    exact = request.node.callspec.params["engine"] in EXACT
    check_engine(engine, exact=exact, missing=(topology, "missing") not in REFUSED_OPERANDS)


class _Programmed(Programmed):
    def __init__(self, A, change):
        self.A, self.change = A, change

    def solve(self, B, *, start=None):
        given = B if isinstance(B, np.ndarray) else None
        full = check_rhs(B, self.A.shape, start).filled()
        X = np.zeros((self.A.shape[1], full.shape[1]), self.A.dtype)
        for j in np.flatnonzero(~np.isnan(full).all(axis=0)):
            known = ~np.isnan(full[:, j])
            X[:, j] = scipy_nnls(self.A[known], full[known, j])[0]
        return self.change(X, given)

    def squared_error(self, B, X):
        return float(np.nansum((self.A @ X - check_rhs(B, self.A.shape).filled()) ** 2))


class _Board(Engine):
    def __init__(self, change):
        self.change = change

    def program(self, A, *, penalty=Penalty()):  # noqa: B008
        return _Programmed(as_factor(A), self.change)


def _spoil(X, given):
    if given is not None and given.flags.writeable:
        given[0] += 1
    return X


@pytest.mark.parametrize(
    ("change", "law"),
    [
        (lambda X, _: -X, "not negative"),
        (lambda X, _: X.T.copy(), "one column for each"),
        (lambda X, _: X.astype(np.float64), "in their precision"),
        (lambda X, _: X + X.mean(), "each for itself"),
        (lambda X, _: X + 0.1, "grows with its right-hand side"),
        (lambda X, given, calls=[]: X * (1 + len(calls.append(0) or calls)), "each for itself"),
        (_spoil, "is changed"),
        (lambda X, _: 0 * X, "as SciPy finds it"),
    ],
)
def test_a_broken_law_is_named(change, law):
    with pytest.raises(LawBroken, match=law):
        check_engine(_Board(change), exact=True)


def test_a_board_that_is_right_is_taken():
    check_engine(_Board(lambda X, _: X), exact=True)
