"""The timeline in a browser, with as many clips as a month brings: opened from the disk, few rows at a time."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from mho.camera.clip_file import thumbnail_jpeg
from mho.camera.timeline import write_timeline

CLIPS = 10_000
BEGIN = datetime.fromisoformat("2026-03-12T00:00:00.000+00:00")


@pytest.fixture(scope="module")
def page_of_many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    (folder / "2026-03-12").mkdir()
    rng, rows = np.random.default_rng(0), []
    for n in range(CLIPS):
        at = BEGIN + timedelta(seconds=8 * n)
        ends = {"start": at.isoformat(timespec="milliseconds"), "end": (at + timedelta(seconds=6)).isoformat()}
        kind = "kept" if n % 2 else "dropped"
        row = {"n": n, "kind": kind, **ends, "score": round(float(rng.gamma(2, 3)), 3), "why": "because"}
        rows.append(row | {"zone": "door" if n % 10 == 1 else "", "boxes": [[8, 6, 24, 30]], "frame": [96, 72]})
        if n % 100 == 1:
            name = f"2026-03-12/{n:05}.mp4"
            picture = thumbnail_jpeg(rng.integers(0, 256, (72, 96), np.uint8))
            (folder / name).with_suffix(".jpg").write_bytes(picture)
            rows[-1]["file"] = name
    rows.append({"n": CLIPS, "kind": "light", "start": BEGIN.isoformat(), "text": "light changed by +40%"})
    write_timeline(folder / "timeline.html", rows, folder)
    return folder / "timeline.html"


def test_ten_thousand_clips_are_scrolled_and_filtered_without_a_network(page_of_many, browser):
    page, asked = browser.new_page(viewport={"width": 1280, "height": 800}), []
    page.on("request", lambda request: asked.append(request.url))
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(page_of_many.as_uri())
    rows, count = page.locator(".row"), page.locator("#count")
    assert count.inner_text() == f"{CLIPS // 2} kept, {CLIPS // 2 + 1} of {CLIPS + 1} lines"
    assert 3 < rows.count() < 30
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.row[aria-selected=true]')?.innerText.includes('00:00:08')")
    assert 3 < rows.count() < 30
    page.check("#dropped")
    assert f"{CLIPS + 1} lines" in count.inner_text()
    page.uncheck("#dropped")
    page.uncheck("#events")
    page.select_option("#zone", "door")
    assert count.inner_text() == f"{CLIPS // 10} kept, {CLIPS // 10} of {CLIPS + 1} lines"
    pictures = page.locator(".thumb img")
    box = page.locator(".thumb i").first.bounding_box()
    assert pictures.count() >= 1
    assert box["width"] == pytest.approx(112 * 24 / 96, abs=3)
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    assert not errors
    page.close()


def test_a_click_picks_the_clip_that_lasts_until_then(browser, tmp_path):
    times = [(0, 40), (45, 50)]
    spans = [{"start": f"2026-03-12T10:00:{a:02}+00:00", "end": f"2026-03-12T10:00:{b:02}+00:00"} for a, b in times]
    rows = [{"n": n, "kind": "kept", **span, "score": 9.0, "why": "because"} for n, span in enumerate(spans)]
    write_timeline(tmp_path / "timeline.html", rows, tmp_path)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((tmp_path / "timeline.html").as_uri())
    for second, start in ((38, "10:00:00"), (47, "10:00:45")):
        x = page.evaluate(f"chart.x({36_000 + second})")
        page.locator("#chart").click(position={"x": x, "y": 40})
        assert start in page.locator(".row[aria-selected=true]").inner_text()
    page.close()
