"""The network of the gallery learns to read digits, and so it does on the chip."""

import re
import runpy
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits_network.py"


def test_the_network_learns_digitally_and_through_the_chip(capsys):
    runpy.run_path(str(EXAMPLE))
    before, after, moved, through, further = (
        float(share) for share in re.findall(r"([\d.]+)%", capsys.readouterr().out)
    )
    assert before < 25  # a tenth by chance
    assert after > 92
    assert moved > before
    assert through > 90
    assert further > 92
