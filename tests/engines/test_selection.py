import numpy as np
import pytest

from mho.chip import Chip, preset
from mho.engines import Analog, Digital, Engine, Hybrid, Refined, engine_for, names


def test_engines_by_name():
    kinds = {"digital": Digital, "analog": Analog, "hybrid": Hybrid, "refined": Refined}
    assert set(names()) == {*kinds, "torch"}  # the last where there is one: tests/tensors
    for name, kind in kinds.items():
        assert isinstance(engine_for(name), kind)


def test_an_engine_is_taken_as_it_is():
    engine = Digital(sweeps=3)
    assert engine_for(engine) is engine


@pytest.mark.parametrize("bad", ["gpu", "Digital", "", None, 3, Digital])
def test_there_is_no_other_engine(bad):
    with pytest.raises(ValueError, match=r"engine must be one of 'digital', .*'refined', 'torch' or an Engine"):
        engine_for(bad)


@pytest.mark.parametrize(
    "engine", [Digital(), Digital(sweeps=3), Analog(seed=0), Hybrid(seed=0), Refined(seed=0)], ids=repr
)
def test_an_engine_that_solves_to_rest(engine):
    exact = engine.exact()
    assert isinstance(exact, Engine)
    assert exact.exact() == exact
    assert not isinstance(exact, Digital) or exact.sweeps is None


def test_phases_of_a_loop():
    assert Digital().phases() == ((Digital(), None),)
    chip = Analog(seed=0)
    assert chip.phases() == ((chip, None),)
    hybrid = Hybrid(passes=3)
    assert hybrid.phases() == ((hybrid.analog, None), (Digital(), 3))


def test_only_physical_engines_keep_a_ledger():
    assert Digital().ledger() is None
    chip = Chip(seed=0)
    assert Analog(chip).ledger() is chip.ledger
    assert Hybrid(chip).ledger() is chip.ledger


def test_the_ledger_counts_what_was_written_and_solved():
    engine = Analog("ideal")
    A = np.random.default_rng(0).random((6, 3))
    programmed = engine.program(A)
    written = engine.ledger().copy()
    assert written.cells >= 2 * A.size
    assert written.solves == 0
    programmed.solve(np.ones((6, 4)))
    assert engine.ledger().solves >= 4
    assert engine.ledger().cells == written.cells


def test_a_seed_makes_the_same_chip():
    A, b = np.random.default_rng(0).random((6, 3)), np.ones((6, 1))
    once, again, other = (Analog(seed=s).program(A).solve(b) for s in (0, 0, 1))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


def test_a_description_makes_a_chip():
    design = preset("ideal").with_(levels=16)
    assert Analog(design).chip.design is design
    assert Hybrid(design).analog.chip.design is design


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: Digital(sweeps=0), ValueError, "sweeps must be at least 1, got 0"),
        (lambda: Digital(sweeps=1.5), TypeError, "sweeps must be a whole number, got 1.5"),
        (lambda: Hybrid(passes=0), ValueError, "passes must be at least 1, got 0"),
        (lambda: Analog("abacus"), ValueError, "no chip preset 'abacus'; there are: 'ideal'"),
        (lambda: Analog(3), TypeError, "(chip|design) must be .* got int"),
        (lambda: Analog(seed="x"), TypeError, "seed .*'x'"),
    ],
)
def test_a_bad_setting_is_named(make, kind, says):
    with pytest.raises(kind, match=says):
        make()
