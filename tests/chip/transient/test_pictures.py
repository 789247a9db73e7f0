import numpy as np
import pytest

from mho.chip import Chip, ChipError, as_circuit, preset
from mho.circuits.transient import PICTURES, picture

pytest.importorskip("matplotlib")


@pytest.mark.parametrize("what", PICTURES)
@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_a_picture_is_a_complete_file_and_the_same_again(make_circuit, make_volts, tmp_path, what, suffix):
    circuit = make_circuit("compact", (16, 4), 1)
    paths = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for path in paths:
        picture(what, circuit, make_volts(circuit, 1), path)
    first, again = (path.read_bytes() for path in paths)
    assert first == again
    assert first.startswith(b"\x89PNG" if suffix == ".png" else b"<?xml")
    assert sorted(tmp_path.iterdir()) == paths


def test_what_cannot_be_drawn(make_circuit, tmp_path):
    classic = make_circuit("classic", (16, 4), 1)
    with pytest.raises(ChipError, match="compact circuit"):
        picture("array", classic, np.ones(16), tmp_path / "array.svg")
    with_reference = as_circuit(Chip(preset("ideal").with_(g_min=1e-6, off_state="circuit")).program(np.ones((16, 1))))
    with pytest.raises(ChipError, match="no reference columns"):
        picture("array", with_reference, np.ones(16), tmp_path / "array.svg")
    with pytest.raises(ValueError, match="suffix of path"):
        picture("poles", classic, np.ones(16), tmp_path / "poles.pdf")
    with pytest.raises(ValueError, match="what must be one of"):
        picture("waveform", classic, np.ones(16), tmp_path / "waveform.svg")
    assert not list(tmp_path.iterdir())
