"""`mho cost` of answers: uses, recorded runs, batteries, fleets."""

import json

import numpy as np
import pytest

import mho
from mho.cli import main
from mho.cost import Duty, Inference, answers_bill, technology, write_inference


@pytest.fixture
def answer(capsys):
    """Run `mho cost ... --json`."""

    def run(*arguments):
        assert main(["cost", *map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def recorded(tmp_path):
    engine = mho.Analog("pku-2025-4bit", seed=0)
    A = np.random.default_rng(0).random((40, 5))
    engine.program(A).solve(A @ np.ones((5, 12)))
    write_inference(path := tmp_path / "run.json", run := Inference.of(engine.tally, "window", answers=12))
    return path, run


def test_the_json_of_a_use_adds_up(answer):
    bill = answer("vibration", "--battery", "15Wh", "--fleet", "1e12/day", "--pue", "1.5")
    parts = sum(np.array(part["joules"]) for part in bill["parts"].values())
    assert parts == pytest.approx(np.array(bill["chip"]["joules"]))
    daily = 345_600 * np.array(bill["chip"]["joules"])
    assert np.array(bill["battery"]["chip"]["share"]) == pytest.approx(daily / 54_000)
    assert np.array(bill["battery"]["Cortex-M4"]["share"]) == pytest.approx(
        345_600 * np.array(bill["platforms"]["Cortex-M4"]["joules"]) / 54_000
    )
    chips = bill["fleet"]["chip"]
    assert chips["machines"] > 10
    assert chips["watts"][1] == pytest.approx(chips["megawatt_hours"][1] * 1e6 / 8766)
    assert chips["watts"][1] >= 1.5 * 1e12 / 86400 * bill["chip"]["answer_joules"][1]
    assert {"this CPU, one", "phone, big core", "H100, one", "next edge accelerator"} < set(bill["platforms"])
    assert bill["quality"]["metric"] == "AUC"


def test_a_run_of_your_own_has_its_own_events(answer, recorded):
    path, run = recorded
    bill = answer(path, "--answers-per-day", 500, "--updates-per-day", 2, "--technology", "28nm")
    expected = answers_bill(run, Duty(answers_per_day=500), technology("28nm"))
    assert bill["chip"]["answer_joules"][1] == expected.answer_joules.typical
    assert bill["rewrites_per_day"] == [2, 2, 2]
    drifting = answer(path, "--borne", 0.07, "--cells", "neurram")
    assert 0 < drifting["rewrites_per_day"][1] < 1000
    assert answer(path, "--borne", 0.07, "--cells", "pku-2025")["rewrites_per_day"] == [0, 0, 0]


def test_rows_of_other_arrays_are_written_in_more_tiles(answer, recorded):
    seconds = [answer(recorded[0], "--array", size)["chip"]["program_seconds"][1] for size in ("40x8", "10x8")]
    assert seconds[1] == pytest.approx(seconds[0] / 4, rel=1e-4)  # but for the bytes of the matrix


def test_a_sentence_says_who_takes_less_from_when_and_why(capsys):
    assert main(["cost", "vibration", "--battery", "15Wh", "--fleet", "1e9/day"]) == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 100
    said = " ".join(told.split())
    for words in ("the Cortex-M4 the chip wins: it takes", "breaks even at", "what decides is", "AUC, chip", "PUE"):
        assert words in said


def test_every_number_of_a_use_is_explained_with_its_source(answer):
    lines = answer("explain", "topics")
    assert {"rewriting", "waking", "programming", "an answer", "Cortex-M4", "cells"} <= {line["name"] for line in lines}
    for line in lines:
        assert line["factors"]
        assert all(factor["source"] for factor in line["factors"]), line["name"]


def test_a_picture(tmp_path, recorded):
    assert main(["cost", str(recorded[0]), "--plot", str(tmp_path / "a.svg")]) == 0
    assert "answers per programming" in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vibration", "--battery", "15"], "--battery must be a number above 0 with its unit, as 15Wh, got '15'"),
        (["vibration", "--fleet", "0/day"], "--fleet must be a number above 0"),
        (["vibration", "--pue", "1.5"], "--pue goes with --fleet"),
        (["vibration", "--fleet", "1/day", "--pue", "0.9"], "--pue must be at least 1, got 0.9"),
        (["vibration", "-k", "3"], "--k goes with a factorization, got 'vibration'"),
        (["vibration", "--array", "128x4"], "columns of the matrix must be at least 1 and at most 4"),
        (["vibration", "--answers-per-day", "1e15"], "so that it answers at most "),
        (["vibration", "--cells", "rram-tech-a", "--kelvin", "300"], "from 373.15 to 533.15 K"),
        (
            ["vibration", "--cells", "neurram", "--kelvin", "350"],
            "how heat ages cells of 'neurram'",
        ),
        (["vibration", "--cells", "neurram", "--borne", "0.01"], "no refresh helps"),
        (["512x512", "--battery", "15Wh"], "--battery goes with visitor, photo, vibration, camera, topics"),
    ],
)
def test_a_wrong_question(capsys, arguments, message):
    assert main(["cost", *arguments]) == 2
    assert message in " ".join(capsys.readouterr().err.split())
