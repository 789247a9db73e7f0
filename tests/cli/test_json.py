"""`--json` of the commands that report, against what the library says."""

import json

import numpy as np
import pytest

import mho as library
from mho.cli.report import as_json

ROWS = [f"{u},{i},{1 + (u * i) % 5}" for u in range(1, 13) for i in range(1, 9)]
HEADER = "user,item,rating"


@pytest.fixture
def answer(mho):
    def run(*arguments):
        code, out, err = mho(*arguments)
        assert code == 0, err
        return json.loads(out)

    return run


@pytest.fixture
def stars(tmp_path):
    """Path of a table, and beside it `held.csv`, every seventh row."""
    for name, rows in (("held", ROWS[::7]), ("stars", [row for j, row in enumerate(ROWS) if j % 7])):
        (tmp_path / f"{name}.csv").write_text("\n".join([HEADER, *rows]))
    return tmp_path / "stars.csv"


def test_factor(answer, source, out, matrix):
    told = answer("factor", source, "-k", 3, "--out", out, "--json")
    W, H, _ = library.data.read_factors(out)
    assert told["error"] == pytest.approx(np.linalg.norm(matrix - W @ H) / np.linalg.norm(matrix), abs=1e-4)
    assert (told["rows"], told["columns"], told["components"]) == (30, 20, 3)


def test_recommend(answer, stars, tmp_path):
    model = tmp_path / "m.npz"
    fitted = answer("recommend", "fit", stars, "-k", 2, "--max-iter", 3, "-o", model, "--json")
    assert (fitted["users"], fitted["items"], fitted["iteration"]) == (12, 8, 3)
    assert answer("recommend", "resume", model, "--max-iter", 4, "--json")["iteration"] == 4
    held = stars.with_name("held.csv")
    scores = answer("recommend", "eval", model, held, "--json")
    recommender = library.Recommender.load(model)
    table = library.data.read_interactions(held)
    error = library.recommend.rmse(table.ratings, recommender.predict(table.users, table.items))
    assert scores["rmse"] == pytest.approx(error)
    top = answer("recommend", "top", model, "--users", "3", "--length", 2, "--seen", "--json")
    assert [row["item"] for row in top] == [str(i) for i in recommender.recommend([3], 2, seen=True).items]
    folded = answer("recommend", "fold-in", model, stars, "-o", tmp_path / "n.npz", "--json")
    assert (folded["rows"], folded["new_users"]) == (len(ROWS) - len(ROWS[::7]), 0)
    page = answer("recommend", "export", model, "--out", tmp_path / "app", "--json")
    assert page["items"] == 8


def test_scale(answer):
    sizes = ("--users", 1000, "--items", 100, "--ratings", 10000, "--workers", 2)
    assert answer("recommend", "scale", *sizes, "--json")["worker_bytes"] > 0


def test_image(answer, tmp_path):
    from PIL import Image

    pixels = np.round(255 * library.data.camera()[:64, :48]).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    coded = answer("image", "compress", tmp_path / "a.png", "-o", tmp_path / "a.mho", "--report", "--json")
    assert coded["bytes"] == (tmp_path / "a.mho").stat().st_size
    held = answer("image", "info", tmp_path / "a.mho", "--json")
    assert (held["columns"], held["rows"], held["bytes"]) == (48, 64, coded["bytes"])
    pair = answer("image", "compare", tmp_path / "a.png", tmp_path / "a.mho", "--json")
    assert pair["psnr"] == pytest.approx(coded["psnr"])
    same = answer("image", "compare", tmp_path / "a.png", tmp_path / "a.png", "--json")
    assert (same["psnr"], same["ssim"]) == ("inf", 1)
    halved = answer("image", "halve", tmp_path / "a.png", "-o", tmp_path / "b.png", "--max-iter", 5, "--json")
    assert halved["psnr"] <= halved["psnr_singular_values"]
    back = answer("image", "decompress", tmp_path / "a.mho", "-o", tmp_path / "c.png", "--json")
    assert back["out"] == str(tmp_path / "c.png")


def test_chip(answer):
    rows = answer("chip", "topologies", "--rows", 16, "--columns", 4, "--json")
    assert {row["topology"]: row["opamps"] for row in rows} == {"compact": 4, "classic": 20, "gram": 4, "mvm": 16}
    assert set(answer("chip", "presets", "ideal", "--json")["presets"]) == {"ideal"}


@pytest.mark.spice
def test_chip_verify(answer):
    assert answer("chip", "verify", "--rows", 8, "--columns", 2, "--json")["difference"] < 0.01


def test_others(answer):
    assert answer("info", "--json")["mho"] == library.__version__
    assert "photo.npy" in answer("example", "--json")
    lines = answer("cost", "explain", "48x32", "ADC", "--json")
    assert all(line["value"][0] <= line["value"][1] <= line["value"][2] for line in lines)


def test_numbers_that_json_does_not_know():
    told = json.loads(as_json({"a": np.float32(0.5), "b": np.arange(2), "c": float("inf"), "d": (np.int64(3), None)}))
    assert told == {"a": 0.5, "b": [0, 1], "c": "inf", "d": [3, None]}
