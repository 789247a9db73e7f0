"""Forks and exits at bad moments, a few of each; the scripts beside this file take any number."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def _said(script, *arguments, timeout=120):
    command = [sys.executable, HERE / script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
def test_children_forked_while_threads_fit_can_fit():
    assert _said("forks.py", 8) == "ended 8 hung 0 failed 0\n"


def test_a_daemon_thread_inside_a_kernel_does_not_spoil_the_exit():
    assert _said("daemon_exit.py", 4) == "well 4 ill 0\n"


def test_a_matrix_that_changes_while_it_is_read_is_refused_or_read():
    """What was checked and what is read are one copy, or else the process would be gone."""
    lines = _said("changing.py", 100).splitlines()
    assert len(lines) == 9
    assert sum(int(line.split()[2]) for line in lines) > 0
