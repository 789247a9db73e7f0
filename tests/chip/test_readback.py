import numpy as np
import pytest

from mho import NMF
from mho.chip import Chip, preset
from mho.engines import Analog


def test_an_exact_chip_reads_back_what_was_written():
    A = np.random.default_rng(0).random((20, 4))
    A[:, 2] = 0  # not connected
    np.testing.assert_allclose(Chip("ideal").program(A, l2=0.5).readback(), A, rtol=1e-14)


def test_answers_fit_by_the_copy_that_is_read_back():
    """With no noise in b, the answer of unequal copies is exact against the driving one."""
    rng = np.random.default_rng(1)
    array = Chip(preset("ideal").with_(sigma=0.05), seed=1).program(rng.uniform(0.2, 1, (30, 4)))
    x = rng.uniform(0.5, 1, (4, 6))
    np.testing.assert_allclose(array.solve(array.readback() @ x), x, rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_reading_back_lowers_the_error_of_a_factorization(seed):
    rng = np.random.default_rng(seed)
    X = rng.random((60, 5)) @ rng.random((5, 50))

    def error(readback):
        model = NMF(5, engine=Analog("pku-2025", readback=readback, seed=seed), max_iter=15, random_state=0, tol=0)
        return model.fit(X).history_[-1]["error"]

    assert error(True) < 0.8 * error(False)
