"""What must not change, and what must double, when there is more or less to do."""

from dataclasses import fields

import numpy as np
import pytest
import scipy.sparse as sp

from mho.chip import Chip, Ledger
from mho.engines import Sparse

M, K, N = 24, 4, 4
WRITING = {"cells", "pulses", "row_pulses", "tile_pulses"}
GIVEN_UP = {"unverified"}
LARGEST = {"peak_amperes", "rows", "columns", "tiles", "row_extras", "opamps"}
MASKED = {"word_lines", "dac_conversions", "bytes_read"}
CURRENTS = {"array_joules", "load_joules", "load_coulombs", "input_coulombs"}
UNMASKED = {"solves", "adc_conversions", "bytes_written"}
AGAIN = {"clipped", "overloaded"}
FOLLOWED = {"followed", "operations"}
SETTLING = {"settle_seconds", "amplifier_seconds", "amplifier_cycles"}
ALL = {f.name for f in fields(Ledger)}


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    A = rng.random((M, K))
    return A, A @ rng.random((K, N))


def run(A, B):
    """Ledgers of writing and of solving."""
    chip = Chip("pku-2025", seed=0)
    array = chip.program(A)
    written = chip.ledger.copy()
    array.solve(B)
    return written, chip.ledger.since(written)


def masked(B, rows):
    """The first rows of B known, as stored entries."""
    known = np.argwhere(np.arange(len(B))[:, None] < np.full(B.shape[1], rows))
    i, j = known.T
    return Sparse(sp.csc_array((B[i, j], (i, j)), shape=B.shape), missing=True)


def test_every_entry_of_the_ledger_is_looked_at():
    assert ALL == WRITING | GIVEN_UP | LARGEST | MASKED | CURRENTS | UNMASKED | AGAIN | FOLLOWED | SETTLING


@pytest.mark.parametrize("kind", [lambda B: B, lambda B: masked(B, M // 2)])
def test_twice_the_right_hand_sides_take_twice_the_events_of_solving(problem, kind):
    A, B = problem
    written, once = run(A, kind(B))
    written_again, twice = run(A, kind(np.hstack([B, B])))
    assert written == written_again
    for name in ALL - WRITING - LARGEST:
        assert getattr(twice, name) == pytest.approx(2 * getattr(once, name)), name
    for name in WRITING:
        assert getattr(once, name) == getattr(twice, name) == 0
    assert min(getattr(written, name) for name in WRITING) > 0
    assert once.solves == N + once.clipped + once.overloaded


def test_half_of_the_rows_known_takes_half_of_what_rows_take(problem):
    A, B = problem
    written, whole = run(A, masked(B, M))
    written_again, half = run(A, masked(B, M // 2))
    assert written == written_again
    for name in MASKED:
        assert getattr(half, name) == pytest.approx(getattr(whole, name) / 2), name
    for name in UNMASKED:
        assert getattr(half, name) == getattr(whole, name) > 0, name
    for name in CURRENTS:  # as loops with fewer rows settle in another time, currents and powers are compared
        assert 0 < getattr(half, name) / half.settle_seconds < getattr(whole, name) / whole.settle_seconds, name
    assert half.amplifier_cycles / half.settle_seconds == pytest.approx(whole.amplifier_cycles / whole.settle_seconds)


def test_the_same_entries_dense_switch_no_word_line(problem):
    A, B = problem
    _, dense = run(A, B)
    _, sparse = run(A, masked(B, M))
    assert dense.word_lines == 0 < sparse.word_lines == M * N
    assert dense.dac_conversions == sparse.dac_conversions
    assert dense.array_joules == pytest.approx(sparse.array_joules, rel=1e-6)


def test_twice_the_columns_are_twice_the_cells(problem):
    A, _ = problem
    one, two = (Chip("pku-2025", seed=0) for _ in range(2))
    one.program(A)
    two.program(np.hstack([A, A]))
    compensation = M  # at most one cell a row
    assert 2 * one.ledger.cells - compensation <= two.ledger.cells <= 2 * one.ledger.cells
