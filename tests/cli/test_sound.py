"""`mho sound`, as a user calls it."""

import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mho.sound import Sound, read_sound, write_sound

RATE = 8000


def _string(frequency, seconds=1.0):
    t = np.arange(int(seconds * RATE)) / RATE
    return 0.1 * np.exp(-2 * t) * sum(np.sin(2 * np.pi * h * frequency * t) / h for h in range(1, 7))


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """Files of two notes, of both together, of noise, and of what cannot be separated."""
    monkeypatch.chdir(tmp_path)
    noise = 0.02 * np.random.default_rng(0).standard_normal(RATE)
    made = {
        "a3": _string(220.0),
        "chord": _string(261.63) + _string(392.0),
        "noise": noise,
        "noisy": _string(220.0) + np.roll(noise, 2000),
        "loud": np.clip(20 * _string(220.0), -1, 1),
        "silent": np.zeros(RATE),
    }
    for name, samples in made.items():
        write_sound(f"{name}.wav", Sound(samples, RATE))
    return tmp_path


def test_notes_are_written_each_to_a_file(mho, sounds):
    code, shown, said = mho("sound", "chord.wav", "--note", "A3=a3.wav", "-o", "parts", "--json")
    rows = json.loads(shown)["parts"]
    assert (code, "chord.wav: 1.0 s at 8,000 Hz" in said) == (0, True)
    assert [(row["name"], row["file"], row["begins_s"]) for row in rows] == [
        ("C4", "C4.wav", 0.0),
        ("G4", "G4.wav", 0.0),
    ]
    whole = sum(read_sound(sounds / "parts" / row["file"]).samples for row in rows)
    np.testing.assert_allclose(whole, read_sound("chord.wav").samples, atol=1e-6)


def test_a_pipe_is_heard(mho, sounds, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO((sounds / "chord.wav").read_bytes())))
    assert mho("sound", "-", "--note", "A3=a3.wav", "-o", "parts")[0] == 0
    assert sorted(path.name for path in (sounds / "parts").iterdir()) == ["C4.wav", "G4.wav"]


def test_sources_are_written_each_to_a_file(mho, sounds):
    both = ("--source", "string=a3.wav", "--source", "hiss=noise.wav", "--components", 8)
    code, shown, _ = mho("sound", "noisy.wav", *both, "-o", "parts")
    assert (code, "string.wav" in shown, "level db" in shown.replace("_", " ")) == (0, True, True)
    string = read_sound("parts/string.wav").samples
    assert np.corrcoef(string, _string(220.0))[0, 1] > 0.98


@pytest.mark.filterwarnings("always")
def test_a_clipped_sound_is_told_of_once(mho, sounds):
    code, _, said = mho("sound", "loud.wav", "--note", "A3=a3.wav", "--notes", 1, "-o", "parts")
    assert (code, said.count("is clipped"), "loud.wav: is clipped" in said) == (0, 1, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chord.wav"], "give either --source NAME=FILE, two or more, or --note NOTE=FILE"),
        (["chord.wav", "--note", "a3.wav"], "--note must be NAME=FILE, the name of letters"),
        (["chord.wav", "--note", "H3=a3.wav"], "a note must be named like C4, F#3 or Bb2, got 'H3'"),
        (["chord.wav", "--note", "A3=a3.wav", "--note", "A3=a3.wav"], "--note A3: is given twice"),
        (["chord.wav", "--note", "A3=a3.wav", "--notes", "0"], "--notes must be at least 1"),
        (["chord.wav", "--source", "a=a3.wav"], "--source must be given for two sources or more"),
        (["chord.wav", "--source", "../a=a3.wav", "--source", "b=noise.wav"], "--source must be NAME=FILE"),
        (["chord.wav", "--note", "A3=a3.wav", "--engine", "analog"], "take --loss frobenius and --length 1"),
        (["chord.wav", "--note", "A3=silent.wav"], "silent.wav: is silent"),
        (["silent.wav", "--note", "A3=a3.wav"], "silent.wav: is silent"),
        (["nothing.wav", "--note", "A3=a3.wav"], "nothing.wav"),
        (["text.wav", "--note", "A3=a3.wav"], "text.wav: is no sound that can be read"),
        (["chord.wav", "--note", "A3=a3.wav", "--max-samples", "100"], "chord.wav: has 8,000 samples, more than 100"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(mho, sounds, arguments, says):
    (sounds / "text.wav").write_text("la la la")
    code, _, said = mho("sound", *arguments, "-o", "parts")
    assert (code in (1, 2), said.count("\n"), says in said) == (True, 1, True), said
    assert not (sounds / "parts").exists()


def test_a_folder_with_files_is_not_written_to(mho, sounds):
    code, _, said = mho("sound", "chord.wav", "--note", "A3=a3.wav", "-o", sounds)
    assert (code, "must be a new or an empty folder" in said) == (2, True)


def test_a_folder_that_cannot_be_made_is_told_before_the_work(mho, sounds):
    code, _, said = mho("sound", "chord.wav", "--note", "A3=a3.wav", "-o", "none/parts")
    assert (code, said) == (2, "mho: error: -o none/parts: its folder is not there\n")
