"""`--engine analog --ledger run.json`: what a command's chip did, as `mho cost` reads it."""

import json

import numpy as np
import pytest
from PIL import Image

from mho import Recommender
from mho.cli import main
from mho.cost import product_work, read_inference


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledgers")
    rng = np.random.default_rng(0)
    users, items = np.divmod(rng.choice(12 * 20, 120, replace=False), 20)
    for model in ("ratings", "implicit"):
        ratings = () if model == "implicit" else (rng.integers(1, 6, 120).astype(float),)
        Recommender(3, model=model, max_iter=3, random_state=0).fit(users, items, *ratings).save(
            folder / f"{model}.npz"
        )
    Image.fromarray(rng.integers(0, 255, (16, 16), np.uint8)).save(folder / "grey.png")
    return folder


@pytest.mark.parametrize("model", ["ratings", "implicit"])
def test_lists_of_the_chip(folder, tmp_path, capsys, model):
    path = tmp_path / "run.json"
    given = ("--users", "1,2,5", "--engine", "analog", "--ledger", path)
    assert main(["recommend", "top", str(folder / f"{model}.npz"), *map(str, given), "--json"]) == 0
    told = capsys.readouterr()
    assert {row["user"] for row in json.loads(told.out)} == {"1", "2", "5"}
    assert "what 3 answers took on the chip" in told.err
    run = read_inference(path)
    assert (run.name, run.answers, run.solves, run.matrices) == ("visitor", 3, 1.0, 1)
    assert run.m == (20 if model == "ratings" else 40)  # choices: every item once as a zero, once as chosen
    assert run.answered.solves >= 1
    assert main(["cost", str(path), "--json"]) == 0
    bill = json.loads(capsys.readouterr().out)
    assert bill["run"]["answered"]["adc_conversions"] == run.answered.adc_conversions


def test_a_picture_of_the_chip(folder, tmp_path, capsys):
    path, out = tmp_path / "run.json", tmp_path / "x.mho"
    given = ("-o", out, "--engine", "analog", "--ledger", path)
    assert main(["image", "compress", str(folder / "grey.png"), *map(str, given)]) == 0
    capsys.readouterr()
    run = read_inference(path)
    assert (run.name, run.answers, run.solves, run.m, run.k) == ("photo", 1, 4.0, 128, 192)
    assert run.work == product_work(64, 64, count=4)
    assert run.programmed.adc_conversions > 0  # it reads its cells back


TOP = "recommend top ratings.npz"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (TOP + " --ledger run.json", "--ledger is for --engine analog"),
        (TOP + " --engine hybrid --ledger run.json", "whose chip gives every answer, got --engine hybrid"),
        (TOP + " --engine analog --ledger run.csv", "--ledger must end in .json"),
        (TOP + " --engine analog --ledger no/run.json", "its folder is not there"),
        ("image compress grey.png -o x.mho --engine analog --learn", "it takes none of --learn"),
        ("image compress grey.png -o x.mho --ledger run.json", "--ledger is for --engine analog"),
    ],
)
def test_what_cannot_be_recorded(folder, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(folder)
    assert main(arguments.split()) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "run.json").exists()
