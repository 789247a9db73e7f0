import os
import signal
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a shell's background job: children would not hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

if "PYTEST_XDIST_WORKER" in os.environ:  # a process per processor: more threads of BLAS would wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


CHROMIUM = next(filter(Path.exists, map(Path, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium"))), Path())
"""The shell without windows is the same engine and begins faster."""
PATIENCE = 180_000
"""Milliseconds: a busy machine is slow, and no test waits for what does not come."""


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; one for all, since a process can drive only one at a time."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.is_file():
        pytest.skip("no Chromium here")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=flags, timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_tests(tmp_path_factory):
    """What the program keeps between runs does not leave the tests, nor come into them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_collection_modifyitems(config, items):
    """Mark the tests that took long when all were timed; see scripts/slow_tests.py."""
    listed = Path(__file__).with_name("slow.txt").read_text(encoding="utf-8").splitlines()
    marks = {name: marks for name, *marks in map(str.split, listed)}
    for item in items:
        for mark in marks.get(item.nodeid.partition("[")[0], ()):
            item.add_marker(mark)
