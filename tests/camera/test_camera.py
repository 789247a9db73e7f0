"""The camera on arrays: what it keeps, its laws, what it refuses."""

import numpy as np
import pytest

from mho import Analog, Camera
from mho.camera import Zone, evaluate
from mho.chip import Chip, preset
from mho.data import DataError

from .conftest import decisions, scene


def kept(clips):
    return [clip.number for clip in clips if clip.kept]


def test_clips_with_somebody_are_kept_and_no_others(camera, visited):
    clips = list(camera.run(visited))
    assert kept(clips) == [5, 6, 7, 15, 16]
    assert [clip.number for clip in clips] == list(range(20))
    best = max(clips, key=lambda clip: clip.score)
    left, top, width, height = best.boxes[0]
    assert abs(left - 40) <= 4
    assert abs(top - 20) <= 4
    assert abs(left + width - 54) <= 4
    assert abs(top + height - 50) <= 4


def test_an_empty_hour_under_changing_light_keeps_nothing_of_its_share(camera):
    assert kept(camera.run(scene(500, seed=7, light=0.4))) == []


def test_gain_changes_no_decision(camera, visited):
    dim = np.rint(visited * 0.75).astype(np.uint8)
    bright = np.rint(dim.astype(float) * 1.3).astype(np.uint8)
    assert bright.max() < 235
    assert decisions(camera.run(dim)) == decisions(camera.run(bright))


def test_twice_the_frame_rate_changes_no_decision(camera, visited):
    once = decisions(camera.run((n / 10, frame) for n, frame in enumerate(visited)))
    twice = ((n / 20, visited[n // 2]) for n in range(2 * len(visited)))
    assert decisions(camera.run(twice)) == once


def test_masked_pixels_change_nothing(empty, visited, tmp_path):
    rng, results = np.random.default_rng(0), []
    for noisy in (False, True):
        learned, seen = empty[:100].copy(), visited[80:180].copy()
        for frames in (learned, seen) if noisy else ():
            frames[:, 5:30, 60:90] = rng.integers(0, 256, (len(frames), 25, 30))
        camera = Camera(masks=[(60, 5, 30, 25)])
        report = camera.learn(learned)
        camera.save(tmp_path / f"{noisy}.cam")
        clips = list(camera.run(seen))
        pictures = [clip.thumbnail.tobytes() for clip in clips]
        facts = [(clip.score, clip.kept, clip.boxes) for clip in clips]
        results.append((report, pictures, facts, (tmp_path / f"{noisy}.cam").read_bytes()))
    assert results[0][1:] == results[1][1:]
    assert vars(results[0][0]) == vars(results[1][0])
    assert any(kept for _, kept, _ in results[0][2])
    assert not any(clip.thumbnail[5:30, 60:90].any() for clip in clips)
    assert all(clip.thumbnail[5:30, :60].any() for clip in clips)


def test_learning_is_bit_equal_and_survives_a_file(camera, empty, visited, tmp_path):
    again = Camera(keep="20%")
    again.learn(empty)
    camera.save(tmp_path / "a.cam")
    again.save(tmp_path / "b.cam")
    loaded = Camera.load(tmp_path / "a.cam")
    scores = [[clip.score for clip in one.run(visited)] for one in (camera, again, loaded)]
    assert scores[0] == scores[1] == scores[2]
    assert decisions(loaded.run(visited)) == decisions(camera.run(visited))
    assert (tmp_path / "a.cam").stat().st_size <= 40_000


def test_a_damaged_model_is_told(camera, tmp_path):
    camera.save(tmp_path / "a.cam")
    data = bytearray((tmp_path / "a.cam").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "b.cam").write_bytes(data)
    with pytest.raises(DataError, match=r"b\.cam"):
        Camera.load(tmp_path / "b.cam")


def test_a_chip_scores_as_the_cpu_does(learned, camera, visited):
    chip = Camera.load(learned, engine=Analog(Chip(preset("pku-2025-4bit"), seed=3)))
    scores = [[clip.score for clip in one.run(visited[60:120])] for one in (camera, chip)]
    assert scores[0] != scores[1]
    assert [[score > 4 for score in one] for one in scores] == [[False, False, True]] * 2


def test_zones_weigh(learned, visited):
    nothing = Camera.load(learned, zones=[Zone("all", (0, 0, 96, 72), 0.0)])
    assert kept(nothing.run(visited[:150])) == []
    clips = list(Camera.load(learned, zones=[Zone("door", (36, 16, 22, 38))]).run(visited[:200]))
    assert kept(clips) == [5, 6, 7]
    assert {clip.zone for clip in clips if clip.kept} == {"door"}


def test_evaluation_counts_events(learned, visited):
    camera = Camera.load(learned, keep="20%")
    result = evaluate(camera, visited, [(10, 16), (30, 34)])
    assert (result.ranking.auc, result.ranking.recall, result.ranking.ceiling) == (1, 0.8, 0.8)
    assert (result.found, result.events, result.found_events) == (0.8, 2, 2)
    assert result.kept == pytest.approx(4 / 20)
    with pytest.raises(ValueError, match="end after"):
        evaluate(camera, visited, [(3, 2)])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"keep": "20"}, "keep"),
        ({"keep": "0%"}, "keep"),
        ({"keep": "50 MB"}, "keep"),
        ({"clip": "2 weeks"}, "clip"),
        ({"clip": -1}, "clip"),
        ({"parts": 0}, "parts"),
        ({"masks": [(1, 2, 3)]}, "masks"),
        ({"masks": [(1, 2, 0, 4)]}, "masks"),
        ({"zones": [Zone("a", (0, 0, 9, 9)), Zone("a", (0, 0, 9, 9))]}, "zones"),
        ({"zones": ["door"]}, "zones"),
        ({"engine": "abacus"}, "engine"),
        ({"fps": 0}, "fps"),
    ],
)
def test_settings_that_are_none_are_refused(settings, said):
    with pytest.raises((ValueError, TypeError), match=said):
        Camera(**settings)


def test_frames_that_are_none_are_refused(camera, empty):
    with pytest.raises(TypeError, match="uint8"):
        camera.push(empty[0].astype(float), 0)
    with pytest.raises(ValueError, match="shape"):
        camera.push(empty, 0)
    with pytest.raises(ValueError, match="72 x 96"):
        camera.push(empty[0][:40], 0)
    with pytest.raises(ValueError, match="at least 20 frames"):
        Camera().learn(empty[:5])
    with pytest.raises(ValueError, match="learned"):
        Camera().push(empty[0], 0)
    with pytest.raises(ValueError, match="masks"):
        Camera(masks=[(0, 0, 96, 72)]).learn(empty)


@pytest.mark.parametrize("luma", [20, 200, 240])
def test_somebody_close_to_the_camera_does_not_hide_behind_the_light(camera, luma):
    frames = scene(60, seed=3)
    frames[20:40, 30:60, 36:60] = luma  # a tenth of the picture bends every explanation by least squares
    assert [clip.score > 20 for clip in camera.run(frames)] == [False, True, False]
