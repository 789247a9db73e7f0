"""`mho chip plot` draws a problem, and says what is wrong."""

import pytest

pytest.importorskip("matplotlib")


@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
def test_a_picture(mho, tmp_path, topology):
    out = tmp_path / "poles.svg"
    assert mho("chip", "plot", "poles", "--topology", topology, "--out", out) == (0, "", "")
    assert b"real part" in out.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("poles", "-o", "poles.pdf"), "--out must end in .png or .svg"),
        (("poles", "-o", "nowhere/poles.svg"), "its folder is not there"),
        (("poles", "--topology", "mvm", "-o", "poles.svg"), "--topology must be compact, classic or gram"),
        (("array", "--topology", "classic", "-o", "array.svg"), "compact circuit with perfect wires"),
    ],
)
def test_what_is_wrong(mho, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    code, printed, complaint = mho("chip", "plot", *arguments)
    assert code != 0
    assert printed == ""
    assert said in complaint
    assert "Traceback" not in complaint
    assert not list(tmp_path.iterdir())
