"""Every closed loop behind a chip, against its circuit's equations and transient, ngspice and sums over resistors."""

import numpy as np
import pytest

from mho import NMF, Penalty, Recommender
from mho.chip import CLOSED_LOOPS, Chip, ChipError, as_circuit, ngspice_rest, preset
from mho.circuits import operating_point
from mho.circuits.transient import transient
from mho.engines import Analog
from mho.operands import Sparse
from mho.spice import available

WIRES = dict(row_ohms=20.0, column_ohms=30.0, driver_ohms=50.0, sense_ohms=40.0)
AMPLIFIERS = {
    "no offset": {},
    "offset": dict(offset=1e-4, gain=1e4),
    "single supply": dict(offset=1e-4, gain=1e3, clamp="single-supply"),
    "wires": dict(offset=1e-4, gain=1e4, **WIRES),
    "wires, single supply": dict(offset=1e-4, gain=1e3, clamp="single-supply", **WIRES),
    "wires, signed": dict(offset=1e-4, gain=1e4, output="signed", **WIRES),
}
PENALTIES = {"plain": Penalty(), "penalised": Penalty(l2=0.1, l1=0.05, prior=0.2)}


@pytest.fixture(params=AMPLIFIERS)
def amplifier(request):
    return AMPLIFIERS[request.param]


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


def _programmed(topology, amplifier, penalty=PENALTIES["plain"], rows=24, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.random((rows, 5))
    design = preset("pku-2025").with_(topology=topology, **amplifier)
    if topology == "gram":  # whose cells have to be within the least eigenvalue of A'A
        design = design.with_(levels=None, sigma=0.005)
    array = Chip(design, seed=0).program(A, penalty=penalty)
    B = A @ rng.uniform(-0.3, 1, (5, 7)) + 0.05 * rng.standard_normal((rows, 7))
    return array, np.stack([array.volts(b) for b in B.T], axis=1)


@pytest.mark.parametrize("topology", CLOSED_LOOPS)
def test_a_chip_rests_where_its_circuit_does(topology, amplifier, penalty):
    array, V = _programmed(topology, amplifier, penalty)
    found, circuit = array.solve_volts(V), as_circuit(array)
    expected = operating_point(circuit, V)[-5:]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * expected.max())
    np.testing.assert_allclose(transient(circuit, V[:, 0]).rest(), expected[:, 0], rtol=0, atol=1e-9 * expected.max())


@pytest.mark.parametrize("gain", [1e3, 1e5])
@pytest.mark.parametrize("topology", CLOSED_LOOPS)
def test_a_clamp_s_own_path_leads_to_the_end_of_the_transient(topology, amplifier, gain):
    """Whatever the gain, for every right-hand side; an ideal clamp is within the share that the path leaves over."""
    array, V = _programmed(topology, amplifier | {"gain": gain})
    circuit = as_circuit(array)
    found = operating_point(circuit, V, ideal_clamp=False)[-5:]
    ends = np.transpose([transient(circuit, volts).rest() for volts in V.T])
    np.testing.assert_allclose(ends, found, rtol=0, atol=1e-9 * found.max())
    ideal = operating_point(circuit, V)[-5:]
    np.testing.assert_allclose(ideal, found, rtol=0, atol=1e-2 / gain * found.max())


def test_rows_of_the_classic_chip_are_switched_off(amplifier, penalty):
    array, V = _programmed("classic", amplifier, penalty)
    on = np.random.default_rng(1).random(len(V)) < 0.7
    found = array.solve_volts(np.where(on[:, None], V, np.nan))
    expected = operating_point(as_circuit(array, on), V[on])[-5:]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * expected.max())


@pytest.mark.skipif(not available(), reason="ngspice is not installed")
@pytest.mark.parametrize("topology", CLOSED_LOOPS)
@pytest.mark.parametrize("name", ["offset", "single supply", "wires", "wires, single supply", "wires, signed"])
def test_ngspice_finds_the_same(topology, name):
    array, V = _programmed(topology, AMPLIFIERS[name], rows=12)
    settled = ngspice_rest(as_circuit(array), V[:, 0])
    found = array.solve_volts(V[:, 0])
    np.testing.assert_allclose(settled.outputs, found, rtol=0, atol=1e-3 * found.max())


@pytest.mark.parametrize("topology", ["classic", "gram"])
def test_the_power_is_the_sum_over_all_resistors(topology):
    array, V = _programmed(topology, dict(gain=1e9))
    x, c, g_in = array.solve_volts(V), array.conductances, array.g_in
    found = array.loop.power(V, x.T, -array.bias, np.ones((x.shape[1], 1)))
    if topology == "gram":  # virtual grounds where outputs are free, and where a diode holds the input
        expected = np.einsum("ij,jn->n", c.left, x**2) + g_in * np.sum(V**2, axis=0)
    else:
        v = (g_in * V - c.left @ x) / g_in
        rows = np.einsum("ij,jn->n", c.left, x**2) + g_in * np.sum(V**2 + v**2, axis=0)
        expected = rows + np.einsum("ij,in->n", c.right, v**2)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("topology", CLOSED_LOOPS)
def test_nmf_runs_on_every_closed_loop_and_is_counted(topology):
    X = np.random.default_rng(0).random((30, 4)) @ np.random.default_rng(1).random((4, 20))
    engine = Analog(preset("ideal").with_(topology=topology))
    model = NMF(n_components=4, engine=engine, max_iter=20, random_state=0)
    W = model.fit_transform(X)
    assert np.linalg.norm(W @ model.components_ - X) < 0.02 * np.linalg.norm(X)
    ledger = engine.ledger()
    assert min(ledger.solves, ledger.settle_seconds, ledger.array_joules, ledger.load_coulombs, ledger.cells) > 0


def test_the_classic_loop_settles_sooner_with_more_amplifiers():
    """Floating rows of the compact loop divide what its op-amps see."""
    ledgers = {}
    for topology in ("compact", "classic"):
        A = np.random.default_rng(0).random((64, 8))
        chip = Chip(preset("ideal").with_(topology=topology))
        chip.program(A).solve(A @ np.ones(8))
        ledgers[topology] = chip.ledger
    assert ledgers["classic"].settle_seconds < 0.3 * ledgers["compact"].settle_seconds
    busy = {name: ledger.amplifier_seconds / ledger.settle_seconds for name, ledger in ledgers.items()}
    assert busy == pytest.approx({"compact": 8, "classic": 72})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"topology": "mesh"}, "topology must be one of 'compact', 'classic', 'gram', 'mvm', 'inv', 'egv', got 'mesh'"),
        ({"topology": "classic", "off_state": "circuit"}, "off_state must be 'none' or 'digital'"),
        ({"topology": "inv", "row_ohms": 1.0}, "wires must be perfect in the topology 'inv'"),
    ],
)
def test_a_design_that_cannot_be_is_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        preset("pku-2025").with_(**changes)


def test_a_matrix_of_fewer_rows_than_columns_is_refused_by_the_gram_circuit_unless_a_ridge_helps():
    A = np.random.default_rng(0).random((3, 5))
    chip = Chip(preset("pku-2025").with_(topology="gram", levels=None, sigma=0.005), seed=0)
    with pytest.raises(ChipError, match=r"fewer rows than columns in cells with errors: .*; add a ridge"):
        chip.program(A)
    assert np.all(chip.program(A, penalty=Penalty(l2=1.0)).solve(np.ones(3)) >= 0)
    assert np.all(Chip(preset("ideal").with_(topology="gram")).program(A).solve(np.ones(3)) >= 0)


def test_ratings_and_lists_are_learned_on_the_classic_chip():
    """Half of the ratings missing: word lines of the classic circuit; its fit is that of the compact one."""
    rng = np.random.default_rng(0)
    full = 1 + rng.random((40, 3)) @ rng.random((3, 30))
    user, item = np.nonzero(rng.random(full.shape) < 0.5)
    data = user, item, full[user, item]
    errors = {}
    for topology in ("compact", "classic"):
        engine = Analog(preset("pku-2025-4bit").with_(topology=topology), seed=0)
        model = Recommender(n_components=3, engine=engine, max_iter=5, random_state=0).fit(*data)
        errors[topology] = np.sqrt(np.mean((model.predict(user, item) - full[user, item]) ** 2))
        assert engine.ledger().word_lines > 0
        lists = Recommender(n_components=3, model="implicit", engine=engine, max_iter=2, random_state=0).fit(user, item)
        assert len(lists.recommend(user[0], 5).items) == 5
    assert errors["classic"] < 1.2 * errors["compact"] < 0.2


def test_masks_of_the_gram_circuit_are_refused():
    array, _ = _programmed("gram", {})
    with pytest.raises(ChipError, match="take the topology 'compact' or 'classic'"):
        array.solve(Sparse(np.where(np.arange(24) == 3, np.nan, 1.0)[:, None]))
