"""What is committed as built is what its sources give."""

import gzip
import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from mho.lab.page import HOME, NAMES, PICTURES, pages

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="ziglang is not installed: pip install ziglang")
def test_the_kernels_of_the_pages_are_those_of_the_sources(tmp_path):
    subprocess.run([ROOT / "scripts" / "wasm.sh", tmp_path], check=True)
    for name in ("mho.wasm", "picture.wasm"):
        assert (tmp_path / name).read_bytes() == (WEB / "src" / "core" / name).read_bytes()


@pytest.mark.skipif(
    not (WEB / "node_modules").exists() or shutil.which("node") is None, reason="needs Node, and npm ci in web/"
)
@pytest.mark.parametrize(("name", "mode"), [(HOME, "production"), (PICTURES, "pictures")])
def test_a_page_is_that_of_the_sources(tmp_path, name, mode):
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    command = ["node", vite, "build", "--mode", mode, "--outDir", tmp_path / "out", "--emptyOutDir"]
    built = subprocess.run(command, cwd=WEB, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "out" / name).read_bytes() == pages()[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_holds_no_address_to_fetch_from_and_is_small(name):
    page = pages()[name].decode()
    assert len(gzip.compress(pages()[name])) <= 150e3
    for door in ('src="http', 'href="http', "@import", "fonts.g", "//cdn", 'src="/', "/work/", "/tmp/"):
        assert door not in page
