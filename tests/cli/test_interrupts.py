"""Ctrl-C and SIGTERM keep the last complete iteration, and --resume goes on from it."""

import signal
import subprocess
import time

import numpy as np
import pytest

from mho.data import read_factors


@pytest.fixture
def interrupted(executable, source, out):
    """Start an endless factorization, interrupt it when it iterates: the exit code and stderr."""

    def run(number, *options):
        command = [
            executable,
            "factor",
            source,
            "-k",
            "3",
            "-o",
            out,
            "--max-iter",
            "100000000",
            "--tol",
            "0",
            *options,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("reading")
            assert process.stderr.readline().startswith("factorizing")
            time.sleep(1)
            process.send_signal(number)
            printed, said = process.communicate(timeout=60)
        assert printed == ""
        return process.returncode, said

    return run


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupt_keeps_and_resume_goes_on(mho, interrupted, source, out, matrix, number, code):
    returned, said = interrupted(number)
    assert returned == code
    W, H, about = read_factors(out)
    done = int(about["iterations"])
    assert said == f"mho: interrupted: iteration {done} is kept in {out}; go on with --resume\n"
    assert about["complete"] == "false"
    error = np.linalg.norm(matrix - W @ H) / np.linalg.norm(matrix)
    assert float(about["relative_error"]) == pytest.approx(error, rel=1e-3, abs=1e-6)
    options = ("--resume", "--tol", 0, "--max-iter", done + 10)
    assert mho("factor", source, "-k", 3, "-o", out, *options)[0] == 0
    about = read_factors(out)[2]
    assert (about["iterations"], about["complete"]) == (str(done + 10), "true")
    assert float(about["relative_error"]) <= error * (1 + 1e-3) + 1e-6


def test_interrupt_of_a_chip(interrupted, out):
    returned, _ = interrupted(signal.SIGINT, "--engine", "analog")
    assert returned == 130
    assert read_factors(out)[2]["engine"] == "analog"


def test_interrupt_before_an_iteration_writes_nothing(mho, source, out, monkeypatch):
    from mho import NMF

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(NMF, "fit", interrupt)
    out.write_text("old")
    code, _, said = mho("factor", source, "-k", 3, "-o", out, "--quiet")
    assert (code, out.read_text()) == (130, "old")
    assert said == "mho: interrupted: before an iteration was complete; nothing was written\n"


def test_a_second_interrupt_does_not_lose_what_the_first_kept(mho, source, out, monkeypatch):
    from mho import NMF, data

    def interrupted_fit(self, X, **_):
        self.history_ = [{"error": 0.5}]
        self.W_, self.components_, self.n_iter_ = np.ones((30, 3)), np.ones((3, 20)), 1
        raise KeyboardInterrupt

    write = data.write_factors

    def interrupted_write(*arguments, **named):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        write(*arguments, **named)

    monkeypatch.setattr(NMF, "fit", interrupted_fit)
    monkeypatch.setattr(data, "write_factors", interrupted_write)
    assert mho("factor", source, "-k", 3, "-o", out)[0] == 130
    assert read_factors(out)[2]["iterations"] == "1"


def test_handlers_are_given_back(mho):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    mho("--version")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
