"""The lab's page in headless Chromium, with every request outside told."""

from pathlib import Path

import pytest

from mho.lab import export_page
from mho.lab.page import HOME, PICTURES

PATIENCE = 180_000
"""Milliseconds: a busy machine is slow, and no test waits for what does not come."""


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The pages as files that need no server."""
    return export_page(tmp_path_factory.mktemp("pages")).parent


@pytest.fixture(scope="session")
def home(exported):
    """The address of the lab."""
    return (exported / HOME).as_uri()


@pytest.fixture(scope="session")
def pictures(exported):
    """The address of the page of pictures."""
    return (exported / PICTURES).as_uri()


@pytest.fixture(scope="session")
def ask(browser, home):
    """Ask the page's own worker: method and requests; answers in order, errors as {"error": ...}."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(home)
    page.wait_for_function("window.mhoLab")
    asked = """([method, requests]) => Promise.all(requests.map(
        (r) => mhoLab.page[method](r, () => {}).catch((error) => ({ error: error.message }))))"""
    yield lambda method, requests: page.evaluate(asked, [method, requests])
    page.close()


class Visit:
    """One visit of the page: what it complained about, what it asked for outside, what it gave away."""

    def __init__(self, context, address):
        self.context, self.page, self.heard = context, context.new_page(), []
        self.page.on("console", lambda message: self.heard.append(message.text))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.home = address.split("?")[0].split("#")[0]
        context.route("**/*", self._only_home)

    def _only_home(self, route):
        url = route.request.url
        if url.startswith((self.home, "data:", "blob:")):
            route.continue_()
        else:
            self.heard.append(url)
            route.abort()

    def save(self, name):
        """Click an export and return the file's text."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("group", name="Export").get_by_role("button", name=name, exact=True).click()
        return Path(waiting.value.path()).read_bytes()

    def slide(self, name, **keys):
        """Move a slider with the keyboard: slide("Bandwidth", ArrowRight=5)."""
        slider = self.page.get_by_role("slider", name=name)
        for key, times in keys.items():
            for _ in range(times):
                slider.press(key)

    def fact(self, name):
        """A figure's text by its name."""
        return self.page.locator(f"dt:text-is('{name}') + dd").inner_text()


@pytest.fixture
def visit(browser, home):
    """Open the page at an address: visit("#bench"), or visit("#cost", width=390, scheme="dark")."""
    contexts = []

    def begin(place="", *, address=home, width=1280, height=900, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        seen = Visit(context, address)
        seen.page.goto(address + place)
        seen.page.wait_for_selector("h1")
        return seen

    yield begin
    for context in contexts:
        context.close()
