"""No command writes over a file that it reads, whatever name or link leads there."""

import os

import numpy as np
import pytest
from PIL import Image

from mho import Recommender
from mho.cli import main
from mho.image.codec import Picture, encode

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("read")
    for name in ("a.png", "b.png", "a.html"):
        Image.fromarray(PIXELS).save(folder / name, "PNG")
    (folder / "a.mho").write_bytes(encode(Picture(PIXELS)))
    (folder / "c.mho").write_bytes(encode(Picture(PIXELS)))
    np.save(folder / "x.npy", PIXELS[..., 0].astype(float))
    for name in ("x.csv", "y.csv", "x.svg", "run.json"):
        np.savetxt(folder / name, PIXELS[:8, :4, 0], delimiter=",")
    rows = "user,item,rating\nu,a,1\nu,b,2\nv,a,3\nv,b,5\nw,a,2\n"
    for name in ("r.csv", "m.npz.rejected.csv"):
        (folder / name).write_text(rows)
    Recommender(1, max_iter=1).fit(list("uuvvw"), list("ababa"), [1.0, 2, 3, 5, 2]).save(folder / "m.npz")
    os.symlink("a.mho", folder / "link.mho")
    os.link(folder / "a.png", folder / "hard.png")
    return folder


@pytest.mark.parametrize(
    "line",
    [
        "image compress a.mho -o a.mho",
        "image compress a.mho -o link.mho",
        "image compress a.png c.mho -o .",
        "image decompress a.png -o a.png",
        "image decompress a.png -o hard.png",
        "image decompress b.png a.mho -o .",
        "image clean a.png -o a.png --noise 9",
        "image clean a.png -o b.png --mask b.png",
        "image halve a.png -o ./a.png",
        "image compare a.png a.html -o a.html",
        "factor x.npy -k 2 -o x.npy",
        "factor x.csv -k 2 -o f --engine analog --ledger run.json",
        "recommend fit r.csv -o r.csv",
        "recommend fit m.npz.rejected.csv -o m.npz",
        "recommend fold-in m.npz r.csv -o r.csv",
        "recommend fold-in m.npz m.npz.rejected.csv -o m.npz",
        "recommend top m.npz -o m.npz",
        "recommend top m.npz --titles r.csv -o r.csv",
        "chip netlist --matrix x.csv -o x.csv",
        "chip netlist --matrix x.csv --rhs y.csv -o y.csv",
        "chip plot waveforms --matrix x.svg -o x.svg",
        "chip verify --matrix x.svg --plot x.svg",
        "cost x.svg --plot x.svg",
    ],
)
def test_what_is_read_is_not_written_over(files, monkeypatch, capsys, line):
    monkeypatch.chdir(files)
    if "--ledger" in line:  # a ledger ends in .json, a matrix does not: only a link makes them one
        os.link("x.csv", "linked.json")
        line = line.replace("run.json", "linked.json")
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    assert main(line.split()) == 2
    told = capsys.readouterr().err
    assert "is read, and would be lost; take another -" in told
    assert told.count("\n") == 1
    assert {path.name: path.read_bytes() for path in files.iterdir()} == before


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("image compress a.png -o no/a.mho", "no/a.mho: its folder is not there or not writable"),
        ("image compress a.png -o no/", "--out must be a folder that is there for 1 picture, got 'no/'"),
        ("image compress a.png -o a.jpg", "--out must end in .mho, got 'a.jpg'"),
        ("image decompress a.mho -o no/a.png", "no/a.png: its folder is not there or not writable"),
        ("image clean a.png -o no/a.png --noise 9", "no/a.png: its folder is not there or not writable"),
        ("image halve a.png -o no/a.png", "no/a.png: its folder is not there or not writable"),
        ("image compare a.png b.png -o no/a.html", "no/a.html: its folder is not there or not writable"),
        ("image compare a.png b.png -o a.png", "--out must end in .html, .htm, got 'a.png'"),
    ],
)
def test_a_picture_that_cannot_be_written_is_told_before_the_work(files, monkeypatch, capsys, line, message):
    monkeypatch.chdir(files)
    before = sorted(path.name for path in files.iterdir())
    assert main(line.split()) == 2
    assert capsys.readouterr() == ("", f"mho: error: {message}\n")
    assert sorted(path.name for path in files.iterdir()) == before
