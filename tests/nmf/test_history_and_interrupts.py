import numpy as np
import pytest
import scipy.sparse as sp

from mho import NMF, Analog, Digital, Hybrid, cost


def test_a_record_per_iteration(X):
    model = NMF(4, random_state=0, tol=0, max_iter=8).fit(X)
    assert [record["iteration"] for record in model.history_] == list(range(1, 9))
    assert all(set(record) == {"iteration", "error", "seconds", "engine", "algorithm"} for record in model.history_)
    assert {record["engine"] for record in model.history_} == {"digital"}
    seconds = [record["seconds"] for record in model.history_]
    assert seconds[0] > 0
    assert (np.diff(seconds) > 0).all()
    assert all(type(record[key]) is float for record in model.history_ for key in ("error", "seconds"))
    assert model.n_iter_ == 8


@pytest.mark.parametrize("missing", [None, "nan"])
def test_a_chip_reports_what_it_took(X, thinned, missing):
    given = X if missing is None else np.where(thinned > 0, X, np.nan)
    model = NMF(4, engine="analog", missing=missing, random_state=0, tol=0, max_iter=6).fit(given)
    for key in ("chip_seconds", "chip_joules"):
        taken = np.array([record[key] for record in model.history_])
        assert taken[0] > 0
        assert (np.diff(taken) > 0).all()
    assert {record["engine"] for record in model.history_} == {"analog"}
    estimate = cost.estimate(model.engine_.ledger())
    assert model.history_[-1]["chip_seconds"] == pytest.approx(estimate.seconds.typical)
    assert model.history_[-1]["chip_joules"] == pytest.approx(estimate.joules.typical)
    assert 0 < estimate.write_seconds.typical < estimate.seconds.typical


def test_transform_asks_nothing_of_the_chip(X):
    """It is solved by a digital engine, whoever did the factorizing."""
    model = NMF(4, engine="analog", random_state=0, max_iter=3).fit(X)
    before = model.engine_.ledger().copy()
    model.transform(X)
    assert model.engine_.ledger() == before


def test_a_second_fit_with_the_same_chip_starts_its_bill_at_nothing(X):
    chip = Analog(seed=0)
    first, second = (NMF(4, engine=chip, random_state=0, tol=0, max_iter=4).fit(X) for _ in range(2))
    assert second.history_[0]["chip_seconds"] < first.history_[-1]["chip_seconds"]


def test_the_hybrid_loop_ends_digitally(X):
    model = NMF(4, engine=Hybrid(passes=3, seed=0), random_state=0, tol=0, max_iter=10).fit(X)
    assert [record["engine"] for record in model.history_] == ["analog"] * 7 + ["digital"] * 3
    bill = [record["chip_joules"] for record in model.history_]
    assert bill[6] == bill[9]
    assert model.history_[9]["error"] < model.history_[6]["error"]


def test_the_hybrid_loop_reaches_digital_accuracy(X):
    hybrid = NMF(4, engine=Hybrid(passes=30, seed=0), random_state=0, max_iter=80).fit(X)
    digital = NMF(4, random_state=0).fit(X)
    assert hybrid.reconstruction_err_ == pytest.approx(digital.reconstruction_err_, rel=0.05)


@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_the_digital_passes_come_first_where_iterations_are_few(X, max_iter):
    model = NMF(4, engine="hybrid", random_state=0, tol=0, max_iter=max_iter).fit(X)
    assert [record["engine"] for record in model.history_] == (["analog"] * 3 + ["digital"] * 2)[-max_iter:]


def test_the_hybrid_loop_ends_digitally_even_if_the_chip_stalls_early(X):
    model = NMF(4, engine="hybrid", random_state=0, tol=1e-2, max_iter=200).fit(X)
    assert model.n_iter_ < 200
    assert [record["engine"] for record in model.history_[-2:]] == ["digital", "digital"]


def test_an_ideal_chip_follows_the_exact_alternation(X):
    rng = np.random.default_rng(0)
    start = {"W": rng.random((40, 4)), "H": rng.random((4, 30))}
    chip = NMF(4, engine=Analog("ideal"), tol=0, max_iter=10).fit(X, **start)
    digital = NMF(4, engine=Digital(sweeps=2000), tol=0, max_iter=10).fit(X, **start)
    np.testing.assert_allclose(chip.components_, digital.components_, atol=1e-6)


def test_the_callback_sees_each_record_and_the_factors_of_its_iteration(X):
    seen = []

    def look(record):
        residual = np.linalg.norm(X - model.W_ @ model.components_) / np.linalg.norm(X)
        seen.append((record, residual))

    model = NMF(4, random_state=0, tol=0, max_iter=5, callback=look)
    model.fit(X)
    assert [record for record, _ in seen] == model.history_
    for record, residual in seen:
        assert record["error"] == pytest.approx(residual)


@pytest.mark.parametrize("engine", ["digital", "hybrid"])
def test_a_true_answer_of_the_callback_stops(X, engine):
    model = NMF(4, engine=engine, random_state=0, tol=0, callback=lambda record: record["iteration"] == 3).fit(X)
    assert model.n_iter_ == len(model.history_) == 3


@pytest.mark.parametrize("sparse", [False, True])
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(X, thinned, sparse):
    given = sp.csr_array(thinned) if sparse else X
    whole = NMF(4, engine=Digital(sweeps=4), random_state=0, tol=0, max_iter=20).fit(given)

    def interrupt(record):
        if record["iteration"] == 8:
            raise KeyboardInterrupt

    model = NMF(4, engine=Digital(sweeps=4), random_state=0, tol=0, max_iter=20, callback=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(given)
    assert model.n_iter_ == len(model.history_) == 8
    W, H = model.W_.copy(), model.components_.copy()
    rest = NMF(4, engine=Digital(sweeps=4), tol=0, max_iter=12).fit(given, W=model.W_, H=model.components_)
    np.testing.assert_allclose(rest.components_, whole.components_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(rest.W_, whole.W_, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(model.W_, W)
    np.testing.assert_array_equal(model.components_, H)


class _Unplugged(Digital):
    """A digital engine whose user presses Ctrl-C in the middle of the third iteration."""

    programmed = 0

    def program(self, A, **options):
        type(self).programmed += 1
        if type(self).programmed == 6:
            raise KeyboardInterrupt
        return super().program(A, **options)


def test_an_interrupt_within_an_iteration_leaves_the_last_complete_one(X):
    _Unplugged.programmed = 0
    model = NMF(4, engine=_Unplugged(sweeps=4), random_state=0, tol=0, max_iter=20)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    whole = NMF(4, engine=Digital(sweeps=4), random_state=0, tol=0, max_iter=2).fit(X)
    assert len(model.history_) == 2
    np.testing.assert_allclose(model.W_, whole.W_, rtol=1e-12)
    np.testing.assert_allclose(model.components_, whole.components_, rtol=1e-12)


def test_an_interrupt_before_the_first_iteration_leaves_nothing_of_an_earlier_fit(X):
    model = NMF(4, engine=_Unplugged(sweeps=4), random_state=0, max_iter=2)
    _Unplugged.programmed = 100
    model.fit(X)
    _Unplugged.programmed = 5
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.history_ == []
    assert model.n_iter_ == 0
