"""The page's own core, compiled to WebAssembly, against the library and scipy."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.circuits import ChipError, ClassicGinv, CompactGinv, Egv, GramInv, Inv, Mvm, OpAmp, Wires
from mho.lab import Answers
from mho.lab.circuits import as_json, from_json

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]
CLOSE = 1e-9


def opamp(rng):
    """Any gain, clamp, and now and then a slew rate, rails or a second pole."""
    bandwidth = 10 ** rng.uniform(6, 9)
    return OpAmp(
        gain=10 ** rng.uniform(3, 6),
        bandwidth=bandwidth,
        slew_rate=10 ** rng.uniform(6, 8) if rng.random() < 0.2 else np.inf,
        v_max=rng.uniform(0.02, 0.5) if rng.random() < 0.2 else np.inf,
        second_pole=bandwidth * rng.uniform(20, 100) if rng.random() < 0.2 else np.inf,
        clamp=rng.choice(["rectifying", "single-supply"]),
    )


def sometimes(rng, share, values):
    return values if rng.random() < share else np.zeros_like(values)


def compact(rng, m, k, G):
    sums = G.sum(axis=1)
    wires = Wires(row_ohms=rng.uniform(0, 20), column_ohms=rng.uniform(0, 20), sense_ohms=5.0)
    return CompactGinv(
        g_left=G * rng.normal(1, 0.02, G.shape),
        g_right=G * rng.normal(1, 0.02, G.shape),
        g_comp=2 * (sums.max() - sums),
        g_in=35e-6,
        opamp=opamp(rng),
        bias=sometimes(rng, 0.3, rng.normal(0, 1e-8, k)),
        offset=sometimes(rng, 0.3, rng.normal(0, 1e-4, k)),
        wires=wires if rng.random() < 0.3 else Wires(),
    )


def classic(rng, m, k, G):
    return ClassicGinv(
        g_left=G * rng.normal(1, 0.02, G.shape),
        g_right=G * rng.normal(1, 0.02, G.shape),
        g_feedback=np.full(m, 35e-6),
        g_in=35e-6,
        opamp=opamp(rng),
        bias=sometimes(rng, 0.3, rng.normal(0, 1e-8, k)),
        row_offset=sometimes(rng, 0.3, rng.normal(0, 1e-4, m)),
        offset=sometimes(rng, 0.3, rng.normal(0, 1e-4, k)),
    )


def gram(rng, m, k, G):
    A = G.T @ G
    return GramInv(
        g_gram=A / A.max() * 35e-6, g_in=35e-6, opamp=opamp(rng), offset=sometimes(rng, 0.3, rng.normal(0, 1e-4, k))
    )


def mvm(rng, m, k, G):
    return Mvm(g=G, g_feedback=35e-6, opamp=opamp(rng), offset=sometimes(rng, 0.3, rng.normal(0, 1e-4, m)))


def signed(rng, k, diagonal):
    """Conductances of the positive and of the negative entries of a square matrix."""
    A = rng.uniform(-1, 1, (k, k)) / k + diagonal * np.eye(k)
    error = rng.normal(1, 0.02, (2, k, k))
    return {"g_positive": 2e-5 * np.maximum(A, 0) * error[0], "g_negative": 2e-5 * np.maximum(-A, 0) * error[1]}


def inv(rng, m, k, G):
    return Inv(
        **signed(rng, k, 1.2),
        g_in=35e-6,
        opamp=opamp(rng),
        offset=sometimes(rng, 0.3, rng.normal(0, 1e-4, k)),
        g_ground=sometimes(rng, 0.3, rng.uniform(0, 1e-5, k)),
    )


def egv(rng, m, k, G):
    cells = signed(rng, k, 0.0)
    A = G[:k] + cells["g_positive"] - cells["g_negative"]
    limits = replace(opamp(rng), v_max=rng.uniform(0.02, 0.5))
    feedback = 0.98 * np.abs(np.linalg.eigvals(A)).max()
    cells["g_positive"] = cells["g_positive"] + G[:k]
    return Egv(**cells, g_feedback=feedback, opamp=limits, offset=rng.normal(0, 1e-4, k))


KINDS = {"compact": compact, "classic": classic, "gram": gram, "mvm": mvm, "inv": inv, "egv": egv}
NEVER_CLAMPED = ("mvm", "inv", "egv")


def circuits(kind, count):
    """Random circuits of one topology, each with a right-hand side of either sign, volts."""
    rng = np.random.default_rng([21, len(kind)])
    for _ in range(count):
        k = int(rng.integers(1, 7))
        m = k + int(rng.integers(1, 12))
        G = 35e-6 * rng.uniform(0.01, 1, (m, k))
        circuit = KINDS[kind](rng, m, k, G)
        yield circuit, rng.normal(0, 0.05, circuit.inputs)


@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_circuits_settle_as_in_python(ask, kind):
    requests, expected = [], []
    for circuit, volts in circuits(kind, 200):
        request = {"circuit": as_json(circuit), "volts": volts.tolist(), "times": None, "tolerance": 0.01}
        try:
            answer = Answers().settle(request)
            request["times"] = answer["times"][::10]
            answer["outputs"] = np.array(answer["outputs"])[:, ::10]
        except ChipError:
            answer = None
        requests.append(request)
        expected.append(answer)
    assert sum(answer is not None for answer in expected) >= 190
    clamped = 0
    for found, answer in zip(ask("settle", requests), expected, strict=True):
        if answer is None:
            assert "settle" in found["error"]
            continue
        scale = max(np.abs(answer["rest"]).max(), np.abs(answer["outputs"]).max())
        assert np.abs(np.array(found["rest"]) - answer["rest"]).max() <= CLOSE * scale
        assert np.abs(np.array(found["outputs"]) - answer["outputs"]).max() <= CLOSE * scale
        assert [(e["opamp"], e["what"]) for e in found["events"]] == [(e["opamp"], e["what"]) for e in answer["events"]]
        if answer["settling_time"] is not None:
            assert np.isclose(found["settling_time"], answer["settling_time"], rtol=1e-3, atol=4e-12)
        clamped += 0 in answer["rest"]
    assert kind in NEVER_CLAMPED or clamped > 50  # or the clamps were not tried


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "egv"])  # which takes no input
def test_operating_points_are_those_of_python(ask, kind):
    requests = []
    for circuit, volts in circuits(kind, 50):
        requests.append({"circuit": as_json(circuit), "volts": [volts.tolist(), (-volts).tolist()]})
    for request, found in zip(requests, ask("solve", requests), strict=True):
        expected = np.array(Answers().solve(request)["answers"])
        assert np.abs(np.array(found["answers"]) - expected).max() <= CLOSE * np.abs(expected).max(initial=1e-12)


def test_two_hundred_least_squares_are_those_of_scipy(ask):
    rng = np.random.default_rng(22)
    requests = []
    for _ in range(200):
        k = int(rng.integers(1, 33))
        A = rng.random((k + int(rng.integers(1, 40)), k))
        requests.append({"matrix": A.tolist(), "rhs": rng.normal(0.3, 1, (2, len(A))).tolist()})
    zeros = 0
    for request, found in zip(requests, ask("solve", requests), strict=True):
        expected = np.array([nnls(np.array(request["matrix"]), np.array(b))[0] for b in request["rhs"]])
        assert np.abs(np.array(found["answers"]) - expected).max() <= CLOSE * np.abs(expected).max(initial=1.0)
        zeros += (expected == 0).any()
    assert zeros > 100


def test_circuits_come_back_from_json():
    for kind in KINDS:
        for circuit, _ in circuits(kind, 3):
            assert as_json(from_json(as_json(circuit))) == as_json(circuit)
