"""Programming, costs and factorizations: the page's arithmetic against the library, number by number."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from mho.cost import PORTS, USES, WORKLOADS, technologies
from mho.lab import Answers
from mho.lab.bills import ARRAY_ROWS, CELLS
from mho.lab.views import answer_view

ROOT = Path(__file__).parents[2]
PRESETS = json.loads((ROOT / "web" / "src" / "data" / "presets.json").read_text())
browser = pytest.mark.browser
pytestmark = pytest.mark.xdist_group("lab")


def compare(found, expected, *, close=1e-9):
    """Two JSON trees of the same shape, numbers within `close` of the largest in their list."""
    assert type(found) is type(expected) or {type(found), type(expected)} <= {int, float}, (found, expected)
    if isinstance(expected, dict):
        assert set(found) == set(expected)
        for name in expected:
            compare(found[name], expected[name], close=close)
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            compare(one, other, close=close)
    elif isinstance(expected, list | int | float) and not isinstance(expected, bool):
        one, other = np.array(found, float), np.array(expected, float)
        assert one.shape == other.shape
        assert np.abs(one - other).max(initial=0) <= close * np.abs(other).max(initial=1e-30)
    else:
        assert found == expected


def programs():
    """Requests to program a chip: every topology, every preset, every knob."""
    rng = np.random.default_rng(23)
    A = (100 * rng.random((12, 4))).round() / 100
    A[2, 1] = A[5] = 0
    knobs = {"levels": 16, "sigma": 0.03, "g_min": 1e-6, "gain": 500.0, "offset": 1e-3, "bandwidth": 2e7}
    base = {"matrix": A.tolist(), "topology": "compact", "preset": "pku-2025", "changes": {}, "seed": 7}
    for topology in ("compact", "classic", "gram", "mvm"):
        for seed in (0, 1, 123456789):
            yield {**base, "topology": topology, "changes": knobs, "seed": seed}
    square = (np.array([[90, -20, 5, 0], [10, 80, -30, 7], [0, 25, 70, -9], [-8, 0, 12, 95]]) / 100).tolist()
    for topology in ("inv", "egv"):
        for seed in (0, 1, 123456789):
            yield {**base, "matrix": square, "topology": topology, "changes": knobs, "seed": seed}
    faulty = {"stuck_low": 0.1, "stuck_high": 0.1, "dead": 0.1}
    yield {**base, "matrix": square, "topology": "inv", "changes": faulty}
    for preset in PRESETS:
        yield {**base, "preset": preset}
        yield {
            **base,
            "preset": preset,
            "changes": {"stuck_low": 0.05, "stuck_high": 0.05, "dead": 0.05, "kelvin": 320.0},
        }
    for age in (1.0, 3600.0, 80000.0):
        yield {**base, "preset": "neurram", "changes": {"age": age, "kelvin": 330.0}}
        yield {**base, "preset": "rram-tech-c", "changes": {"age": age}}
        yield {**base, "preset": "rram-tech-a", "changes": {"age": age}}
    yield {**base, "changes": {"gain": None, "levels": None, "clamp": "single-supply", "row_ohms": 2.0, "v_in": 0.1}}
    yield {**base, "changes": {"temperature_slope": -2e-3, "temperature_spread": 1e-3, "kelvin": 350.0}}


@browser
def test_a_seed_makes_the_same_chip_in_the_page_as_in_python(ask):
    requests = list(programs())
    for request, found in zip(requests, ask("program", requests), strict=True):
        assert "error" not in found, (request, found)
        compare(found, Answers().program(request))


def cost_requests():
    base = {
        "array_rows": 128,
        "technology": "40nm",
        "solvers": 1,
        "iterations": 1,
        "write": "row",
        "ports": None,
        "numbers": {},
    }
    for workload in (*WORKLOADS, "512x512 image"):
        for technology in technologies():
            yield {**base, "workload": workload, "technology": technology}
    for ports in PORTS:
        for write in ("row", "serial"):
            yield {**base, "workload": "netflix", "ports": ports, "write": write, "solvers": 64, "iterations": 20}
    for rows in ARRAY_ROWS:
        yield {**base, "workload": "movielens-100k", "array_rows": rows}
    numbers = {"pulse_seconds": 5e-8, "pulse_joules": 1e-12, "memory_seconds_per_byte": 1e-15, "output_amperes": 1e-5}
    yield {**base, "workload": "yahoo-music", "numbers": numbers}


def use_requests():
    """Requests for the bill of a use: each of them, each technology, each kind of cells, and every knob."""
    base = {
        **{"use": "visitor", "technology": "40nm", "numbers": {}, "write": "row", "ports": None, "cells": "cmo-hfox"},
        **{"answers_per_day": 2000, "watt_hours": 15, "fleet_per_day": 1e9, "pue": 1.3},
    }
    for use in USES:
        for technology in technologies():
            yield {**base, "use": use, "technology": technology}
    for cells in CELLS:
        yield {**base, "use": "vibration", "cells": cells, "answers_per_day": 345600}
    for ports in PORTS:
        for write in ("row", "serial"):
            yield {**base, "use": "camera", "ports": ports, "write": write, "answers_per_day": 864000}
    numbers = {"pulse_seconds": 5e-8, "pulse_joules": 1e-12, "memory_seconds_per_byte": 1e-9, "output_amperes": 1e-5}
    yield {**base, "use": "topics", "numbers": numbers, "watt_hours": 0.2, "fleet_per_day": 3e13, "pue": 1.7}


@browser
def test_costs_are_those_of_the_library(ask):
    requests = [*cost_requests(), *use_requests()]
    for request, found in zip(requests, ask("cost", requests), strict=True):
        compare(found, Answers().cost(request))


@browser
@pytest.mark.parametrize(("engine", "close"), [("digital", 1e-9), ("analog", 1e-7)])
def test_a_factorization_goes_as_in_python(ask, engine, close):
    rng = np.random.default_rng(24)
    X = rng.random((30, 3)) @ rng.random((3, 21)) + 0.05 * rng.random((30, 21))
    request = {
        "matrix": X.tolist(), "rank": 3, "engine": engine, "preset": "ideal",
        "changes": {"sigma": 0.01, "levels": 64}, "iterations": 8, "seed": 5,
    }  # fmt: skip
    (found,) = ask("factorize", [request])
    steps = list(Answers().factorize(request))
    assert np.allclose(found["errors"], [step["error"] for step in steps], rtol=close)
    assert np.allclose(found["W"], steps[-1]["W"], rtol=close, atol=close)
    assert np.allclose(found["H"], steps[-1]["H"], rtol=close, atol=close)


BAD = {
    "program": [
        {"matrix": [[1, -1]], "topology": "compact", "preset": "ideal", "changes": {}, "seed": 0},
        {"matrix": [[1, 0], [1, 0]], "topology": "classic", "preset": "ideal", "changes": {}, "seed": 0},
        {"matrix": [[1]], "topology": "compact", "preset": "none", "changes": {}, "seed": 0},
        {"matrix": [[1], [1, 2]], "topology": "compact", "preset": "ideal", "changes": {}, "seed": 0},
        {"matrix": [[1]], "topology": "classic", "preset": "ideal", "changes": {"row_ohms": 1}, "seed": 0},
        {"matrix": [[1, 2]], "topology": "inv", "preset": "ideal", "changes": {}, "seed": 0},
        {"matrix": [[0, 1], [-1, 0]], "topology": "egv", "preset": "ideal", "changes": {}, "seed": 0},
    ],
    "solve": [{"matrix": [[1.0], [2.0]], "rhs": [[1.0]]}, {"matrix": [[float("nan")]], "rhs": [[1.0]]}],
    "cost": [
        {
            "workload": "netflix", "array_rows": 128, "technology": "40nm", "solvers": 10**6, "iterations": 1,
            "write": "row",
            "ports": None, "numbers": {},
        },
        *({**next(use_requests()), **change} for change in (
            {"answers_per_day": 1e15}, {"use": "nothing"}, {"cells": "milo-2021"}, {"pue": 0.9}, {"watt_hours": 0},
        )),
    ],
}  # fmt: skip


@browser
@pytest.mark.parametrize("method", BAD)
def test_bad_requests_are_a_sentence_in_both(ask, method):
    for request, found in zip(BAD[method], ask(method, BAD[method]), strict=True):
        assert len(found["error"]) > 20
        with pytest.raises((ValueError, TypeError, RuntimeError)):
            getattr(Answers(), method)(request)


def test_what_the_page_takes_from_python_is_as_python_has_it():
    spec = importlib.util.spec_from_file_location("lab_data", ROOT / "scripts" / "lab_data.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, text in script.pages().items():
        compare(json.loads((script.FOLDER / name).read_text()), json.loads(text), close=1e-6)


PHOTO = {"pixels": [[7] * 8] * 8, "preset": "pku-2025-4bit", "changes": {}, "seed": 1, "quality": 60}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pixels": [[0.5]]}, "whole numbers from 0 to 255"),
        ({"pixels": [[256]]}, "whole numbers from 0 to 255"),
        ({"pixels": []}, "whole numbers from 0 to 255"),
        ({"preset": "none"}, "none"),
        ({"changes": {"sigma": -1}}, "sigma"),
        ({"quality": 101}, "quality"),
    ],
)
def test_a_photo_that_is_none_is_a_sentence(changes, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        answer_view(Answers(), {"view": "photo", "photo": {**PHOTO, **changes}})


def test_a_photo_without_a_part_of_its_request_is_a_sentence():
    for name in PHOTO:
        asked = {key: value for key, value in PHOTO.items() if key != name}
        with pytest.raises(ValueError, match="must hold pixels, preset, changes, seed and quality"):
            answer_view(Answers(), {"view": "photo", "photo": asked})
