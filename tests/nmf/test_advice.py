"""Advice before a factorization, against matrices whose rank is known and costs counted anew."""

import numpy as np
import pytest
import scipy.sparse as sp

import mho
from mho.chip import preset
from mho.cost import PLATFORMS, Workload, estimate, sweep_ledger
from mho.nmf import advice


def _planted(m=60, n=50, k=4, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.gamma(0.5, size=(m, k)) @ rng.gamma(0.5, size=(k, n))
    return np.maximum(X + noise * X.std() * rng.standard_normal(X.shape), 0)


def test_the_number_of_components_that_were_planted():
    low, best, high = mho.advise(_planted(), random_state=0).components
    assert low <= best <= high
    assert best in (4, 5)


def test_costs_are_those_of_the_best_number_of_components():
    found = mho.advise(_planted(), random_state=0)
    workload = Workload(m=60, n=50, k=found.components[1])
    chip = estimate(sweep_ledger(workload, preset("pku-2025-4bit")), "40nm")
    other = PLATFORMS[found.other].cost(workload.work())
    assert (found.chip_seconds, found.chip_joules) == (chip.seconds.typical, chip.joules.typical)
    assert (found.other_seconds, found.other_joules) == (other.seconds.typical, other.joules.typical)
    assert found.pays == (found.chip_seconds < 10 * found.other_seconds and found.chip_joules < found.other_joules)
    assert (found.engine == "digital") != found.pays


def test_what_is_missing_and_what_is_zero(monkeypatch):
    monkeypatch.setattr(advice, "_TRIED", (1, 4))
    X = _planted()
    X[np.random.default_rng(1).random(X.shape) < 0.3] = 0
    sparse = sp.csr_array(X)
    zeros, missing = (mho.advise(sparse, missing=how, random_state=0) for how in (None, "unstored"))
    assert zeros.known == missing.known == pytest.approx(sparse.nnz / X.size)
    assert missing.held_out < zeros.held_out / 2  # where nothing is stored nothing was measured


def test_a_large_matrix_is_looked_at_in_part(monkeypatch):
    monkeypatch.setattr(advice, "_TRIED", (1, 2))
    rng = np.random.default_rng(0)
    found = mho.advise(rng.random((300, 2)) @ rng.random((2, 130)), random_state=0)
    assert (found.shape, found.looked_at) == ((300, 130), (120, 120))
    assert "in 120 x 120 of its entries" in found.reasons[0]


def test_a_matrix_that_is_none_is_refused():
    with pytest.raises(ValueError, match="negative entry"):
        mho.advise(-np.ones((3, 4)))


def test_the_command_says_it_on_a_page(tmp_path, capsys):
    from mho.cli import main

    path = tmp_path / "x.npy"
    np.save(path, _planted(30, 25, 2))
    assert main(["advise", str(path)]) == 0
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines()[1:])) <= 100  # the first has the path
    assert len(page.splitlines()) < 25
    assert "30 x 25" in page
    assert "Take engine=" in page or "engine=" in page
    np.save(path, -np.ones((3, 4)))
    assert main(["advise", str(path)]) == 1
    assert f"{path}: " in capsys.readouterr().err


def test_of_a_table_that_is_nearly_empty_the_fullest_part_is_looked_at():
    """A part drawn at random would hold next to nothing; this one has ratings about a mean, 20 % apart."""
    rng = np.random.default_rng(0)
    rows, columns = rng.zipf(1.3, (2, 30_000)) % 1000
    X = sp.csr_array(sp.coo_array((rng.choice([3.0, 4.0, 5.0], 30_000), (rows, columns)), shape=(1000, 1000)))
    X.data = rng.choice([3.0, 4.0, 5.0], X.nnz)
    found = mho.advise(X, missing="unstored", random_state=0)
    assert found.held_out < 0.4
