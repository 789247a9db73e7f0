import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mho.cli import main


@pytest.fixture
def mho(capsys):
    """Run a command in this process: exit code, stdout, stderr."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def executable():
    """Path of the installed program."""
    return Path(sys.executable).with_name("mho")


@pytest.fixture
def program(executable):
    """Run the installed program: a finished process."""

    def run(*arguments, **options):
        command = [executable, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)

    return run


@pytest.fixture
def matrix():
    rng = np.random.default_rng(0)
    return rng.random((30, 3)) @ rng.random((3, 20))


@pytest.fixture
def source(tmp_path, matrix):
    np.save(tmp_path / "x.npy", matrix)
    return tmp_path / "x.npy"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "f.safetensors"
