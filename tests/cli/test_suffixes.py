"""The suffix of an output is the format that is written, or is refused before any work."""

import pytest

COMMANDS = {
    "factor": ("factor", "no.npy", "-k", 3, "-o"),
    "sweep": ("chip", "sweep", "--set", "sigma=0.01", "--out"),
    "sweep --plot": ("chip", "sweep", "--set", "sigma=0.01", "--out", "s.parquet", "--plot"),
    "netlist": ("chip", "netlist", "-o"),
    "plot": ("chip", "plot", "poles", "-o"),
    "verify": ("chip", "verify", "--plot"),
    "cost": ("cost", "64x64", "--plot"),
    "fit": ("recommend", "fit", "no.csv", "-o"),
    "fold-in": ("recommend", "fold-in", "no.npz", "no.csv", "-o"),
    "top": ("recommend", "top", "no.npz", "-o"),
    "signatures": ("signatures", "no.csv", "-k", 2, "-o"),
    "export": ("monitor", "export", "no.mon", "--c", "-o"),
    "compress": ("image", "compress", "no.png", "-o"),
    "decompress": ("image", "decompress", "no.mho", "-o"),
    "halve": ("image", "halve", "no.png", "-o"),
    "clean": ("image", "clean", "no.png", "--noise", 20, "-o"),
    "compare": ("image", "compare", "no.png", "no.mho", "-o"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_another_suffix_is_refused_before_any_work(mho, tmp_path, monkeypatch, command):
    """The inputs are not there: whoever opened one first would say so instead."""
    monkeypatch.chdir(tmp_path)
    code, printed, said = mho(*COMMANDS[command], "x.xyz")
    assert (code, printed) == (2, "")
    assert "must end in " in said
    assert "x.xyz" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command",
    [
        ("monitor", "learn", "no.csv", "-o", "x.html", "--report", "./x.html"),
        ("monitor", "replay", "no.mon", "no.csv", "--jsonl", "x.html", "--html", "x.html"),
        ("camera", "learn", "no.mp4", "-o", "x", "--preview", "x"),
    ],
)
def test_two_outputs_of_one_new_name_are_refused_before_any_work(mho, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    code, printed, said = mho(*command)
    assert (code, printed) == (2, "")
    assert f"{command[-2]} must be another file than {command[-4]}" in said
    assert not list(tmp_path.iterdir())
