import numpy as np
import pytest

from mho.chip import ngspice_rest as rest
from mho.spice import NgspiceError, NgspiceMissing, available, run, version

needs_ngspice = pytest.mark.skipif(not available(), reason="ngspice is not installed")

CHARGING = """RC, one microsecond
V1 in 0 2
R1 in out 1k
C1 out 0 1n ic=0
.options reltol=1e-6
.tran 1n 5u 0 10n uic
.end
"""


def stub(folder, script):
    """Put a program named ngspice into `folder`."""
    program = folder / "ngspice"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.spice
@needs_ngspice
def test_a_charging_capacitor_follows_the_exponential():
    result = run(CHARGING)
    assert result.time[-1] == pytest.approx(5e-6)
    np.testing.assert_allclose(result.voltages["out"], 2 * (1 - np.exp(-result.time / 1e-6)), atol=2e-5)
    np.testing.assert_array_equal(result.voltages["in"][1:], 2.0)


@pytest.mark.spice
@needs_ngspice
def test_only_nodes_are_voltages():
    assert set(run(CHARGING).voltages) == {"in", "out"}  # not the current of V1


@pytest.mark.spice
@needs_ngspice
@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (CHARGING.replace("1k", "{missing}"), r"line no\. 3:; Undefined parameter \[missing\]"),
        (CHARGING.replace("C1 out", "Q1 out"), "q1 out 0 1n.*could not find a valid modelname"),
        (CHARGING.replace("C1", "V2 in 0 3\nC1"), "singular matrix.*; .*Timestep too small"),
    ],
    ids=["undefined parameter", "no model", "two sources in parallel"],
)
def test_a_broken_netlist_is_an_error_in_ngspices_words(broken, says):
    with pytest.raises(NgspiceError, match=says):
        run(broken)


@pytest.mark.spice
@needs_ngspice
def test_another_analysis_is_refused():
    with pytest.raises(NgspiceError, match=r"one transient \(\.tran\), got Operating Point"):
        run(CHARGING.replace(".tran 1n 5u 0 10n uic", ".op"))


@pytest.mark.spice
@needs_ngspice
def test_a_run_that_takes_too_long_is_ended():
    with pytest.raises(NgspiceError, match=r"did not end within 0\.2 s"):
        run(CHARGING.replace("1n 5u 0 10n", "1p 1 0 1p"), timeout=0.2)


@pytest.mark.spice
@needs_ngspice
def test_a_users_start_up_file_does_not_matter(tmp_path, monkeypatch):
    (tmp_path / ".spiceinit").write_text("quit 3\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(CHARGING).voltages["out"][-1] == pytest.approx(2 * (1 - np.exp(-5)), abs=2e-5)


@pytest.mark.spice
@needs_ngspice
def test_version_names_the_program():
    assert version().startswith("ngspice-")


def test_without_ngspice_the_error_says_how_to_get_it(tmp_path, monkeypatch, make_circuit):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not available()
    for attempt in (lambda: run(CHARGING), version, lambda: rest(make_circuit(4, 2), np.ones(4))):
        with pytest.raises(NgspiceMissing, match="apt install ngspice"):
            attempt()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 0", r"exit code 0\): it does not say why"),
        ("echo all is well; echo 'Error: no disk' >&2; exit 1", r"exit code 1\): Error: no disk$"),
        (": > out.raw", "got nothing"),
        (r"printf 'No. Points: 2\nVariables:\n\t0\ttime\ttime\nBinary:\n12345678' > out.raw", "8 bytes .* promises 16"),
        (r"printf 'No. Points: 0\nVariables:\n\t0\ttime\ttime\nBinary:\n' > out.raw", "0 bytes .* promises 0"),
    ],
    ids=["no file", "failure", "empty file", "cut short", "no points"],
)
def test_a_program_that_misbehaves_is_an_error(tmp_path, monkeypatch, script, says):
    stub(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NgspiceError, match=says):
        run(CHARGING)


def test_a_timeout_of_nothing_is_refused():
    with pytest.raises(ValueError, match="timeout must be finite and above 0"):
        run(CHARGING, timeout=0)
