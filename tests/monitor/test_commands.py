"""`mho monitor`: exit codes, files, pages, and C that is compiled and run."""

import json

import numpy as np
import pytest
from monitor_machine import RATE, levels, vibration
from scipy.io import wavfile
from sklearn.metrics import roc_auc_score

from mho.cli import main
from mho.cost import read_inference
from mho.monitor import Monitor


def table(path, values, labels=None):
    names = ["t", "flow", "pressure", "temperature"] + ["anomaly"] * (labels is not None)
    rows = np.column_stack([np.arange(len(values)), values] + ([labels] if labels is not None else []))
    np.savetxt(path, rows, delimiter=",", header=",".join(names), comments="")
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pump")
    table(folder / "healthy.csv", levels(1250, 0))
    table(folder / "other.csv", levels(400, 5))
    table(folder / "day.csv", levels(400, 9, shift=6.0), (np.arange(400) >= 100).astype(int))
    arguments = [str(folder / "healthy.csv"), "-o", str(folder / "pump.mon"), "--false-alarms", "1%"]
    assert main(["monitor", "learn", *arguments, "--report", str(folder / "learned.html")]) == 0
    return folder


def test_replay_tells_alarms_by_its_exit_code(files, capsys):
    command = ["monitor", "replay", str(files / "pump.mon"), str(files / "day.csv")]
    outputs = ["--html", str(files / "day.html"), "--jsonl", str(files / "day.jsonl")]
    assert main([*command, *outputs]) == 3
    assert "pressure: mean" in capsys.readouterr().out
    assert main(["monitor", "replay", str(files / "pump.mon"), str(files / "other.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["alarms"] == []
    page = (files / "day.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert 'class="alarm"' in page
    assert main(["monitor", "explain", str(files / "day.jsonl")]) == 0
    name = capsys.readouterr().out.split()[0]
    assert main(["monitor", "explain", str(files / "day.jsonl"), name[:6]]) == 0
    assert "mean of pressure" in capsys.readouterr().out
    assert main(["monitor", "explain", str(files / "day.jsonl"), "zz"]) == 2


def test_eval_shows_chance_beside_the_model(files, capsys):
    command = ["monitor", "eval", str(files / "pump.mon"), str(files / "day.csv"), "--labels", "anomaly"]
    assert main([*command, "--control", str(files / "other.csv"), "--baselines", "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["recordings"]["auc"] > 0.98
    assert found["recordings"]["f1_always"] == pytest.approx(2 * 0.777 / 1.777, abs=0.01)
    assert found["control"]["false_alarms"] <= 0.01
    values, (y,) = levels(400, 9, shift=6.0), [np.arange(400) >= 100]
    means = np.lib.stride_tricks.sliding_window_view(values, 30, axis=0).mean(axis=-1)
    learned = Monitor.load(files / "pump.mon").streams[0].examples
    z = (((means - learned.mean(axis=0)) / learned.std(axis=0)) ** 2).mean(axis=1)
    assert found["baselines"]["z-score"] == pytest.approx(roc_auc_score(y[29:], z), abs=0.02)  # short windows beside
    assert main([*command, "--baselines"]) == 3
    assert "auc of nearest neighbours" in capsys.readouterr().out
    assert main(["monitor", "eval", str(files / "pump.mon"), str(files / "day.csv")]) == 2


def test_refusals(files, tmp_path, capsys):
    command = ["monitor", "learn", str(files / "other.csv"), "-o", str(tmp_path / "x.mon")]
    assert main([*command, "--false-alarms", "1/month"]) == 2
    assert "12.2 days in all" in capsys.readouterr().err
    assert not (tmp_path / "x.mon").exists()
    assert main([*command, "--false-alarms", "1%", "--accept-rate"]) == 0
    assert main(["monitor", "learn", str(files / "day.csv"), "-o", str(tmp_path / "y.mon")]) == 0
    assert "anomaly marks 300 rows of what is learned as healthy, 101 to 400" in capsys.readouterr().err
    assert main(["monitor", "run", str(files / "pump.mon"), "mqtt://u:p@h/t", "--state", str(tmp_path / "s")]) == 2
    assert "must not hold credentials" in capsys.readouterr().err
    assert main(["monitor", "run", str(files / "pump.mon"), "mqtt://h/t"]) == 2
    assert main(["monitor", "run", str(files / "pump.mon"), str(files / "day.csv"), "--ca", "x"]) == 2


def test_a_healthy_minute_and_a_faulty_one_need_no_option(tmp_path, capsys):
    for name, samples in (("healthy", vibration(60, 1)), ("faulty", vibration(8, 2, defect=3.0))):
        wavfile.write(tmp_path / f"{name}.wav", int(RATE), (samples * 3000).astype("i2"))
    assert main(["monitor", "learn", str(tmp_path / "healthy.wav"), "-o", str(tmp_path / "fan.mon")]) == 0
    assert main(["monitor", "run", str(tmp_path / "fan.mon"), str(tmp_path / "faulty.wav")]) == 3
    assert "Hz" in capsys.readouterr().out
    page = tmp_path / "faulty.html"
    assert (
        main(["monitor", "replay", str(tmp_path / "fan.mon"), str(tmp_path / "faulty.wav"), "--html", str(page)]) == 3
    )
    assert "envelope up to" in page.read_text()
    assert "<path class=healthy" in page.read_text()


def test_windows_of_the_chip_are_recorded(files, tmp_path, capsys):
    run = ["monitor", "run", str(files / "pump.mon"), str(files / "other.csv")]
    assert main([*run, "--engine", "analog", "--ledger", str(tmp_path / "run.json")]) in (0, 3)
    found = read_inference(tmp_path / "run.json")
    assert found.name == "window"
    assert found.answers == len(list(Monitor.load(files / "pump.mon").run(str(files / "other.csv"))))
    assert found.solves <= found.matrices  # no window of zeros is solved to fill a block
    assert main([*run, "--ledger", str(tmp_path / "other.json")]) == 2
    assert "--ledger is for --engine analog" in capsys.readouterr().err


def test_a_hybrid_says_how_many_windows_it_computed_again(files, capsys):
    assert main(["monitor", "run", str(files / "pump.mon"), str(files / "other.csv"), "--engine", "hybrid"]) in (0, 3)
    assert "% of the windows were within the chip's own errors of the limit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("learn", ("healthy.csv", "healthy.csv", "-o", "x.mon"), "hold the same samples"),
        ("learn", ("healthy.csv", "-o", "x.mon", "--key", "a"), "--key is a variable of a .mat file"),
        ("eval", ("pump.mon", "words.csv", "--labels", "anomaly"), "label 'anomaly' must be a number, 0 healthy"),
        (
            "run",
            ("pump.mon", "sound.csv"),
            "channels must include some of flow, pressure, temperature, which were learned",
        ),
        ("run", ("pump.mon", "day.csv", "--raw", "<i2"), "--raw goes with a source of mqtt://"),
        ("run", ("pump.mon", "day.csv", "--max-journal", "9"), "--max-journal goes with a source of mqtt://"),
        ("run", ("pump.mon", "mqtt://h/t", "--follow"), "--follow goes with a file or a pipe"),
    ],
)
def test_what_would_be_passed_over_is_refused(files, monkeypatch, capsys, command, arguments, said):
    monkeypatch.chdir(files)
    text = (files / "day.csv").read_text().splitlines()
    (files / "words.csv").write_text("\n".join([text[0], *(line.rpartition(",")[0] + ",bad" for line in text[1:])]))
    (files / "sound.csv").write_text("t,acc\n0,1\n1,2\n2,1\n")
    assert main(["monitor", command, *arguments]) in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert "fault of mho" not in error


def test_a_run_that_scored_nothing_says_so(files, tmp_path, capsys):
    (tmp_path / "empty.csv").write_text("")
    assert main(["monitor", "run", str(files / "pump.mon"), str(tmp_path / "empty.csv")]) == 0
    assert "no window was scored" in capsys.readouterr().err
    assert main(["monitor", "run", str(files / "pump.mon"), str(files / "other.csv")]) == 0
    assert capsys.readouterr().err == ""
