"""What a camera's chip did, as `mho cost` reads it."""

from mho.cli import main
from mho.cost import read_inference


def test_frames_of_the_chip_are_recorded(learned, video, tmp_path):
    given = ("--out", tmp_path / "clips", "--no-clips", "--engine", "analog", "--ledger", tmp_path / "run.json", "-q")
    assert main(["camera", "run", str(learned), str(video), *map(str, given)]) == 0
    run = read_inference(tmp_path / "run.json")
    assert run.name == "frame"
    assert 0 < run.answers <= 400
    assert run.solves >= 2  # brightness, and once more without what is unusual
    assert run.answered.solves >= run.solves
