import pytest

from mho.demo import write

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(results, tmp_path_factory):
    return write(results, tmp_path_factory.mktemp("report")).as_uri()


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")], ids=str)
def opened(request, browser, address):
    """The page, and everything that it complained about or asked for."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: requests.append(asked.url))
    page.goto(address)
    yield page, complaints, requests
    context.close()


def test_it_opens_without_a_word_and_alone(opened, address):
    _, complaints, requests = opened
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [address]


def test_every_picture_is_drawn(opened):
    page, *_ = opened
    widths = page.evaluate("[...document.images].map(i => [i.complete, i.naturalWidth, i.clientWidth])")
    assert len(widths) == 11
    assert all(complete and natural > 0 and shown > 60 for complete, natural, shown in widths)


def test_the_page_is_no_wider_than_the_window(opened):
    page, *_ = opened
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_letters_stand_out_from_the_page(opened):
    """WCAG AA: a contrast of 4.5 for text, whichever colour scheme."""
    page, *_ = opened
    ground = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    for what, colour in (("p", "color"), ("caption", "color"), ("svg text", "fill"), ("footer", "color")):
        letters = luminance(page.evaluate(f"getComputedStyle(document.querySelector('{what}')).{colour}"))
        lighter, darker = max(ground, letters), min(ground, letters)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, what


def luminance(css):
    """Relative luminance of "rgb(r, g, b)" as WCAG 2 defines it."""
    channels = [int(c) / 255 for c in css.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
