"""The lab's page in headless Chromium, with every request outside told."""

from pathlib import Path

import pytest

from mho.lab.page import PAGE

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("no Chromium here")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def ask(chromium):
    """Ask the page's own worker: method and requests; answers in order, errors as {"error": ...}."""
    page = chromium.new_page()
    page.goto(PAGE.as_uri())
    page.wait_for_function("window.mhoLab")
    asked = """([method, requests]) => Promise.all(requests.map(
        (r) => mhoLab.page[method](r, () => {}).catch((error) => ({ error: error.message }))))"""
    yield lambda method, requests: page.evaluate(asked, [method, requests])
    page.close()
