"""The page walked as a visitor would, in headless Chromium, without a server and with everything outside blocked."""

import csv
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import nnls

from mho import spice
from mho.cli import main
from mho.lab import Answers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = {"bench": "settling time", "device": "error of the answer", "cost": "time", "use": "latency"}


def ready(seen, view):
    seen.page.wait_for_selector(f"dt:text-is('{VIEWS[view]}')" if view in VIEWS else "text=Factorize")


def table(text):
    header, *rows = csv.reader(text.decode().splitlines())
    return header, rows


def test_bench_set_run_see_export(visit, tmp_path, capsys):
    seen = visit("#bench")
    ready(seen, "bench")
    page = seen.page
    before = seen.fact("settling time")
    seen.slide("Bandwidth", End=1)
    page.wait_for_function("before => document.querySelector('dl.facts dd').innerText !== before", arg=before)
    page.locator("canvas[role=application]").press("ArrowRight")
    page.get_by_role("spinbutton", name="Cell of row 1, column 2").fill("0.77")
    page.keyboard.press("Tab")
    page.wait_for_function("location.hash.includes('A=')")
    assert "mhz=1000" in page.evaluate("location.hash")
    record = json.loads(seen.save("JSON"))
    A, b = np.array(record["program"]["matrix"]), np.array(record["rhs"])
    assert A[0, 1] == 0.77
    assert np.allclose(record["answer"]["exact"], nnls(A, b)[0], atol=1e-9)
    (tmp_path / "bench.json").write_text(json.dumps(record))
    assert main(["lab", "--answer", str(tmp_path / "bench.json")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert np.allclose(answer["outputs"], record["answer"]["outputs"], rtol=0, atol=1e-9)
    assert np.allclose(answer["answer"], record["answer"]["answer"], rtol=1e-9)
    header, rows = table(seen.save("CSV"))
    assert header == ["seconds", "x0, volts", "x1, volts", "x2, volts", "x3, volts"]
    assert np.allclose(np.array(rows, float)[:, 1:].T, record["answer"]["outputs"], rtol=0, atol=1e-12)
    assert ET.fromstring(seen.save("SVG")).tag.endswith("svg")
    assert seen.save("PNG").startswith(b"\x89PNG")
    assert seen.heard == []


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize(
    "state",
    ["", "topology=classic&offset=1", "topology=gram&m=8", "wire=5&clamp=single-supply&m=8", "topology=inv&k=6"],
)
def test_an_exported_netlist_gives_the_curve_that_the_page_shows(visit, state):
    seen = visit(f"#bench?{state}")
    ready(seen, "bench")
    answer = json.loads(seen.save("JSON"))["answer"]
    found = spice.run(seen.save("Netlist").decode())
    for j, shown in enumerate(answer["outputs"]):
        at = np.interp(answer["times"], found.time, found.voltages[f"x{j}"])
        assert np.abs(at - shown).max() <= 2e-3 * np.abs(answer["rest"]).max()


@pytest.mark.parametrize("topology", ["compact", "classic", "gram", "mvm", "inv", "egv"])
def test_the_netlist_is_that_of_the_library(visit, topology):
    """Line by line, numbers as numbers."""
    from mho.lab.circuits import from_json

    seen = visit(f"#bench?topology={topology}&m=5&k=3&offset=2&wire=3&pole=20")
    seen.page.wait_for_selector("text=Export")
    request = json.loads(seen.save("JSON"))
    made = Answers().program(request["program"])
    numbers = np.array(request["rhs"]) if made["product"] is None else np.array(made["product"]) @ request["rhs"]
    ours = seen.save("Netlist").decode().splitlines()[1:]
    end, step = (float(ours[-2].split()[i]) for i in (2, 1))
    volts = numbers * np.array(made["volts_per_unit"])
    theirs = spice.netlist(from_json(made["circuit"]), volts, duration=end, step=step).splitlines()[1:]
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert alike(one, other), (one, other)


def alike(one, other):
    words = [re.split(r"[ =]", line) for line in (one, other)]
    return len(words[0]) == len(words[1]) and all(map(same, *words))


def same(a, b):
    try:
        return bool(np.isclose(float(a), float(b), rtol=1e-9))
    except ValueError:
        return a == b


@pytest.mark.parametrize("topology", ["inv", "egv"])
def test_a_square_matrix_of_either_sign(visit, tmp_path, capsys, topology):
    """The page's exact answer is NumPy's, and the library answers the exported view alike."""
    seen = visit(f"#bench?topology={topology}&k=3&A=90.-20.10.5.80.-30.15.25.70&levels=0&sigma=0.001&gmin=0")
    ready(seen, "bench")
    record = json.loads(seen.save("JSON"))
    A, exact = np.array(record["program"]["matrix"]), np.array(record["answer"]["exact"])
    if topology == "inv":
        assert np.allclose(A @ exact, record["rhs"])
    else:
        assert np.allclose(A @ exact, np.abs(np.linalg.eigvals(A)).max() * exact)
    assert np.abs(exact - record["answer"]["answer"]).max() <= 0.05 * np.abs(exact).max()
    (tmp_path / "bench.json").write_text(json.dumps(record))
    assert main(["lab", "--answer", str(tmp_path / "bench.json")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert np.allclose(answer["outputs"], record["answer"]["outputs"], rtol=0, atol=1e-9)
    assert np.allclose(answer["exact"], exact, atol=1e-9)
    assert seen.heard == []


def test_device_set_see_export(visit, tmp_path, capsys):
    seen = visit("#device?age=0&kelvin=300&high=0")
    ready(seen, "device")
    calm = seen.fact("error of the answer")
    seen.slide("Temperature", End=1)
    seen.page.wait_for_function("calm => document.querySelector('dl.facts dd').innerText !== calm", arg=calm)
    header, rows = table(seen.save("CSV"))
    assert (header[0], len(rows)) == ("array", 256)
    record = json.loads(seen.save("JSON"))
    assert record["program"]["changes"]["kelvin"] == 400
    (tmp_path / "device.json").write_text(json.dumps(record))
    assert main(["lab", "--answer", str(tmp_path / "device.json")]) == 0
    assert np.isclose(json.loads(capsys.readouterr().out)["error"], record["answer"]["error"], rtol=1e-9)
    assert ET.fromstring(seen.save("SVG")).tag.endswith("svg")
    assert seen.heard == []


def test_factorize_drop_run_see_export(visit, tmp_path, capsys):
    rng = np.random.default_rng(25)
    X = rng.random((20, 3)) @ rng.random((3, 15))
    (tmp_path / "x.csv").write_text("\n".join(",".join(map(str, row)) for row in X))
    seen = visit("#factorize?rank=3&iterations=12&sigma=0.001&levels=0")
    seen.page.set_input_files("input[type=file]", tmp_path / "x.csv")
    seen.page.wait_for_selector("text=20 × 15")
    seen.page.get_by_role("button", name="Factorize").click()
    seen.page.wait_for_selector("text=W H, analogue chip")
    seen.page.wait_for_selector("button:text-is('Factorize')")
    header, rows = table(seen.save("CSV"))
    assert (header, len(rows)) == (["iteration", "digital", "analogue"], 12)
    assert float(rows[-1][1]) < float(rows[0][1]) < 1
    record = seen.save("JSON")
    (tmp_path / "factorize.json").write_bytes(record)
    assert main(["lab", "--answer", str(tmp_path / "factorize.json")]) == 0
    answer, told = json.loads(capsys.readouterr().out), json.loads(record)["answer"]
    assert np.allclose(answer["digital"], told["digital"], rtol=1e-9)
    assert np.allclose(answer["analog"], told["analog"], rtol=1e-6)
    assert np.allclose(np.loadtxt(seen.save("X as CSV").decode().splitlines(), delimiter=","), X)
    assert seen.heard == []


def test_a_picture_develops(visit, tmp_path):
    from PIL import Image

    Image.fromarray((255 * np.random.default_rng(1).random((40, 60))).astype(np.uint8)).save(tmp_path / "p.png")
    seen = visit("#factorize?rank=4&iterations=5")
    seen.page.set_input_files("input[type=file]", tmp_path / "p.png")
    seen.page.wait_for_selector("text=40 × 60")
    seen.page.get_by_role("button", name="Factorize").click()
    seen.page.wait_for_selector("text=W H, digital")
    seen.page.wait_for_selector("text=W H, analogue chip")
    assert seen.page.locator(".pictures canvas").count() == 3
    assert seen.heard == []


BAD_FILES = {
    "words.csv": (b"a,b\n1,2\n3,hello\n", "words.csv: line 3, column 2: must be a number, got 'hello'"),
    "gap.csv": (b"1,2\n3,NaN\n", "gap.csv: line 2, column 2: an entry is missing"),
    "minus.csv": (b"1,2\n3,-4\n", "minus.csv: line 2, column 2: must not be negative"),
    "short.csv": (b"1,2\n3\n", "short.csv: line 2 has 1 entries, the first has 2"),
    "empty.csv": (b"", "empty.csv: is empty"),
    "broken.png": (b"\x89PNG\r\n\x1a\nnothing", "broken.png: is no picture that this browser can read"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_a_sentence_and_nothing_is_lost(visit, tmp_path, name):
    content, sentence = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    seen = visit("#factorize?iterations=3")
    seen.page.set_input_files("input[type=file]", tmp_path / name)
    assert sentence in seen.page.get_by_role("alert").last.inner_text()
    seen.page.get_by_role("button", name="Factorize").click()  # the picture that was there still is
    seen.page.wait_for_selector("text=W H, analogue chip")


def test_forty_megapixels_are_refused(visit, tmp_path):
    from PIL import Image

    Image.new("1", (8000, 5000)).save(tmp_path / "large.png")
    seen = visit("#factorize")
    seen.page.set_input_files("input[type=file]", tmp_path / "large.png")
    seen.page.wait_for_selector("text=must be at most 24 megapixels, has 40.0")


def test_cost_set_see_export(visit, tmp_path, capsys):
    seen = visit("#cost")
    ready(seen, "cost")
    seen.page.get_by_label("Workload").select_option("movielens-100k")
    seen.page.get_by_label("Writing is").select_option("left out")
    seen.page.wait_for_selector("text=212 times faster")
    assert not seen.page.locator("td:text-is('write pulses')").count()
    record = json.loads(seen.save("JSON"))
    (tmp_path / "cost.json").write_text(json.dumps(record))
    assert main(["lab", "--answer", str(tmp_path / "cost.json")]) == 0
    answer = json.loads(capsys.readouterr().out)
    for one, other in zip(answer["parts"], record["answer"]["parts"], strict=True):
        assert np.allclose(one["joules"], other["joules"], rtol=1e-6)
    assert len(table(seen.save("CSV"))[1]) == len(answer["parts"]) + len(answer["platforms"])
    seen.page.get_by_text("The same in Python").click()
    command = seen.page.get_by_label("Command", exact=True).inner_text().split()
    assert main([*command[1:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told
    assert seen.heard == []


def test_cost_of_a_use_set_see_export(visit, tmp_path, capsys):
    """Fleet, battery and what a settling replaces: as the library answers the view, and as the command prints."""
    seen = visit("#cost?workload=vibration&fleet=1e12")
    ready(seen, "use")
    seen.page.get_by_label("Technology").select_option("28nm")
    seen.page.get_by_label("Write ports").select_option("array")
    seen.slide("PUE", ArrowRight=4)
    seen.page.wait_for_selector("text=PUE 1.5")
    record = json.loads(seen.save("JSON"))
    shown = record["answer"]
    assert record["cost"]["pue"] == pytest.approx(1.5)
    instructions = float(f"{shown['replaced']['instructions'][1]:.3g}")
    text = " ".join(seen.page.locator("main").inner_text().split())
    assert f"One settling replaces {instructions:,.0f} (" in text
    (tmp_path / "cost.json").write_text(json.dumps(record))
    assert main(["lab", "--answer", str(tmp_path / "cost.json")]) == 0
    answer = json.loads(capsys.readouterr().out)
    for name in ("batteries", "fleets", "parts", "even"):
        for one, other in zip(answer[name], shown[name], strict=True):
            assert all(one[key] == pytest.approx(value) for key, value in other.items()), (name, one, other)
    assert len(table(seen.save("CSV"))[1]) == len(shown["parts"]) + 1 + len(shown["platforms"])
    assert len(table(seen.save("Fleet as CSV"))[1]) == len(shown["fleets"])
    seen.page.get_by_text("The same in Python").click()
    command = seen.page.get_by_label("Command", exact=True).inner_text().split()
    assert main([*command[1:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["chip"]["joules"] == pytest.approx([sum(p["joules"][e] for p in shown["parts"]) for e in range(3)])
    for one, other in zip(shown["fleets"], shown["batteries"], strict=True):
        assert told["fleet"][one["name"]]["megawatt_hours"] == pytest.approx(one["megawatt_hours"])
        assert told["battery"][other["name"]]["share"] == pytest.approx(other["share"])
    assert told["replaced"] == {name: pytest.approx(value) for name, value in shown["replaced"].items()}
    exec(seen.page.get_by_label("Python", exact=True).inner_text(), {})
    assert capsys.readouterr().out
    assert seen.heard == []


def test_a_rate_that_no_chip_keeps_is_a_sentence(visit):
    seen = visit("#cost?workload=camera")
    ready(seen, "use")
    seen.slide("Answers", End=1)
    seen.page.wait_for_selector("text=share the answers between more chips")
    assert seen.page.locator(".plot canvas").count()


STATES = {
    "bench": "#bench?topology=classic&m=6&k=2&A=1.2.3.4.5.6.7.8.9.10.11.12&b=-5.4.3.2.1.0&sigma=0.07&mhz=50",
    "device": "#device?preset=rram-tech-c&age=1000&low=0.02&m=16",
    "factorize": "#factorize?rank=5&iterations=7&size=64",
    "cost": "#cost?workload=movielens-100k&solvers=12&rows=256&ports=array&writing=left%20out",
    "use": "#cost?workload=camera&cells=neurram&perday=5000&battery=0.5&fleet=20000&pue=1.2&beside=Cortex-M4",
}


@pytest.mark.parametrize("view", STATES)
def test_a_state_is_the_same_after_a_round_trip(visit, view):
    seen = visit(STATES[view])
    ready(seen, view)
    if view in ("cost", "use"):
        seen.page.get_by_label("Technology").select_option("28nm")
        seen.page.get_by_label("Technology").select_option("40nm")
    else:
        touch = {"bench": "Levels", "device": "Dead", "factorize": "Components"}[view]
        seen.slide(touch, ArrowRight=1, ArrowLeft=1)
    assert seen.page.evaluate("location.hash") == STATES[view]
    again = visit(seen.page.evaluate("location.hash"))
    ready(again, view)
    if view in VIEWS:
        assert again.fact(VIEWS[view]) == seen.fact(VIEWS[view])


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("#bench?sigma=much", "no usable sigma: it must be a number from 0 to 0.2"),
        ("#bench?m=1e9", "no usable m"),
        ("#bench?topology=ring", "one of compact, classic, gram, mvm, inv, egv"),
        ("#bench?A=1.x.3", "no usable A"),
        ("#bench?__proto__=1", "does not know"),
        ("#bench?b=%E0%A4%A", "no usable b"),
        ("#cost?solvers=NaN", "no usable solvers"),
    ],
)
def test_a_broken_state_is_a_sentence(visit, state, sentence):
    seen = visit(state)
    assert sentence in seen.page.get_by_role("alert").first.inner_text()
    ready(seen, state[1:].split("?")[0])
    assert seen.heard == []


def test_a_circuit_without_a_rest_is_a_sentence(visit):
    seen = visit("#bench?A=" + ".".join(["0"] * 64))
    seen.page.wait_for_selector("text=must not have a column of zeros")
    assert seen.heard == []


def test_a_loop_that_swings_is_a_sentence_and_the_last_curve_stays(visit):
    seen = visit("#bench?topology=classic")
    ready(seen, "bench")
    seen.slide("Second pole", ArrowRight=100)  # near the bandwidth
    seen.page.wait_for_selector("text=does not settle")
    assert seen.page.locator(".plot canvas").count()


@pytest.mark.parametrize("view", ["bench", "device", "factorize", "cost", "use"])
@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 900, "light"), (390, 844, "dark")])
def test_every_view_fits_and_axe_finds_nothing(visit, view, width, height, scheme):
    place = {"factorize": "factorize?iterations=3", "use": "cost?workload=photo"}.get(view, view)
    seen = visit(f"#{place}", width=width, height=height, scheme=scheme)
    ready(seen, view)
    if view == "factorize":
        seen.page.get_by_role("button", name="Factorize").click()
        seen.page.wait_for_selector("text=W H, analogue chip")
    seen.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    if AXE.exists():
        seen.page.evaluate(AXE.read_text())
        found = seen.page.evaluate("axe.run()")["violations"]
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == []
    assert seen.heard == []


def test_the_page_s_text_holds_the_answers_to_a_newcomer_s_questions(visit):
    questions = list(csv.DictReader((Path(__file__).parent / "newcomer_questions.csv").read_text().splitlines()))
    assert len(questions) == 8
    seen = visit("#bench")
    ready(seen, "bench")
    text = seen.page.locator("main").inner_text().lower()
    for question in questions:
        assert all(word.lower() in text for word in question["words"].split("|")), question
