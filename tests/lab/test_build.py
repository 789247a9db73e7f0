"""What is committed as built is what its sources give."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from mho.lab.page import PAGE

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="ziglang is not installed: pip install ziglang")
def test_the_kernels_of_the_page_are_those_of_the_sources(tmp_path):
    subprocess.run([ROOT / "scripts" / "wasm.sh", tmp_path / "mho.wasm"], check=True)
    assert (tmp_path / "mho.wasm").read_bytes() == (WEB / "src" / "core" / "mho.wasm").read_bytes()


@pytest.mark.skipif(
    not (WEB / "node_modules").exists() or shutil.which("node") is None, reason="needs Node, and npm ci in web/"
)
def test_the_page_is_that_of_the_sources(tmp_path):
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    built = subprocess.run(
        ["node", vite, "build", "--outDir", tmp_path / "out", "--emptyOutDir"], cwd=WEB, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "out" / "index.html").read_text() == PAGE.read_text()


def test_the_page_holds_no_address_to_fetch_from():
    page = PAGE.read_text()
    for door in ('src="http', 'href="http', "@import", "fonts.g", "//cdn", 'src="/', "/work/", "/tmp/"):
        assert door not in page
