"""Grid, ranking, budget and the state of the view, each against something else."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage
from scipy.optimize import nnls
from sklearn.metrics import roc_auc_score

from mho import Camera
from mho.camera.budget import FLOOR, Budget, Offer, Past
from mho.camera.grid import Grid
from mho.camera.parts import Parts
from mho.camera.quantities import Bytes, Share, Threshold, read_keep, read_seconds
from mho.camera.ranking import clip_scores, rank
from mho.camera.scene import Scene
from mho.camera.state import _UNLIKE, _texture_change
from mho.camera.watch import rolls
from mho.engines import Digital

from .conftest import scene


@pytest.mark.parametrize("frame", [(576, 768), (1080, 1920), (50, 77), (300, 100)])
def test_cells_are_means_of_their_pixels(frame):
    luma = np.random.default_rng(0).integers(0, 256, frame, np.uint8)
    grid = Grid(frame)
    rows, columns = grid.edges
    cells = grid.cells(luma)
    for i, j in ((0, 0), (grid.shape[0] - 1, grid.shape[1] - 1), (5, 7)):
        block = luma[rows[i] : rows[i + 1], columns[j] : columns[j + 1]]
        assert cells[i, j] == pytest.approx(block.mean(), rel=1e-6)
    assert max(cells.shape) == 48


def test_blur_is_a_gaussian_within_what_is_known():
    grid = Grid((36, 48))
    picture = np.random.default_rng(0).random((1, 36, 48)).astype(np.float32)
    weight = ndimage.gaussian_filter(np.ones((36, 48)), 2.0, mode="constant", truncate=4)
    expected = ndimage.gaussian_filter(picture[0].astype(float), 2.0, mode="constant", truncate=4) / weight
    assert np.allclose(grid.blur(picture, 2.0)[0], expected, atol=1e-5)
    masked = Grid((36, 48), masks=((10, 10, 8, 8),))
    changed = picture.copy()
    changed[:, ~masked.known] = 1e6
    assert np.array_equal(masked.blur(picture, 2.0), masked.blur(changed, 2.0))


def test_a_cell_with_one_masked_pixel_takes_no_part():
    grid = Grid((36, 48), scale=12, masks=((7, 3, 2, 2),))
    assert np.argwhere(~grid.known).tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]


def test_white_cells_take_no_part_in_the_first_codes():
    rng = np.random.default_rng(0)
    A, codes = rng.random((300, 3), np.float32), np.array([[90.0, 60, 120], [20, 200, 90]], np.float32)
    X = np.minimum(codes @ A.T, 255)  # a sensor's white
    assert 0.03 < (X > 235).mean() < 0.3
    spread = np.ones(300, np.float32)
    found = Parts(A, spread, 100.0, Digital())._without_white(X)
    expected = [nnls(A[x <= 235].astype(float), x[x <= 235])[0] for x in X]
    assert np.allclose(found, expected, rtol=1e-4)


def test_a_camera_at_work_has_no_need_of_what_learns(learned):
    code = (
        "import sys, numpy; import mho; camera = mho.Camera.load(sys.argv[1])\n"
        "list(camera.run(numpy.full((60, 72, 96), 90, 'uint8')))\n"
        "print(*{'sklearn', 'pandas', 'scipy.optimize'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", code, str(learned)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == []


def test_ranking_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    scores, present = rng.integers(0, 9, 200) / 3, rng.random(200) < 0.3
    found = rank(scores, present, 0.2)
    assert found.auc == pytest.approx(roc_auc_score(present, scores))
    assert found.ceiling == pytest.approx(min(1, 40 / present.sum()))
    assert np.isnan(rank(scores, np.zeros(200, bool)).auc)
    assert clip_scores(np.arange(20.0), 10).tolist() == [7.5, 17.5]


def offered(keep, scores, delay=60.0, size=0, beside=(0.0, 0.0)):
    budget = Budget(keep, delay)
    made = []
    for number, score in enumerate(scores):
        made += budget.offer(Offer(number, 2.0 * number, 2.0 * number + 2, float(score), size, beside))
    return made + budget.close()


def test_every_window_is_decided_once_in_order():
    scores = np.random.default_rng(0).exponential(3, 500)
    for keep in (Share(0.2), Bytes(1e6), Threshold(5)):
        assert [d.offer.number for d in offered(keep, scores, size=1000)] == list(range(500))


def test_a_share_is_a_share_and_nothing_of_an_empty_night():
    rng = np.random.default_rng(0)
    busy = offered(Share(0.2), 20 + rng.exponential(3, 5400))
    share = np.mean([d.kept for d in busy[1800:]])
    assert 0.12 < share <= 0.2
    assert not any(d.kept for d in offered(Share(0.2), rng.uniform(0.5, FLOOR - 0.1, 3600)))


def test_what_is_shown_beside_a_window_is_of_the_budget():
    made = offered(
        Bytes(0.2 * 1800 * 7000), 20 + np.random.default_rng(0).exponential(3, 5400), size=7000, beside=(1.0, 0.5)
    )
    shown = np.zeros(4 * 5400 + 8, bool)  # half seconds
    for decision in made:
        if decision.kept:
            shown[4 * decision.offer.number : 4 * decision.offer.number + 7] = True  # from a second before
    in_hour = np.convolve(shown, np.ones(4 * 1800) / (4 * 1800), "valid")
    assert 0.15 < in_hour.max() <= 0.2 + 1e-3


def shown_seconds(made, *, step=0.5):
    """Seconds that are shown up to each half second of a stream."""
    shown = np.zeros(round(made[-1].offer.end / step) + 8, bool)
    for decision in made:
        if decision.kept:
            shown[round(decision.offer.begin / step) : round(decision.offer.until / step)] = True
    return np.cumsum(shown) * step


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_share_is_one_of_what_was_seen_so_far_with_the_seconds_beside(share):
    scores = np.random.default_rng(2).permutation(np.r_[np.full(500, 1.0), 20 + np.arange(500) / 50])
    made = offered(Share(share), scores, beside=(1.0, 0.5))
    shown = shown_seconds(made)
    for number in range(60, 1000, 7):  # decided when so many windows had been seen
        assert shown[4 * (number - 30)] <= share * 2 * number + 1e-6
    assert shown[-1] > 0.8 * share * 2000
    chosen = np.array([d.kept for d in made[100:]])
    assert scores[100:][chosen].mean() > np.quantile(scores[100:], 0.9)


def test_the_best_window_is_kept_of_a_stream_that_is_too_short_for_its_share():
    made = offered(Share(0.01), [1, 6, 9, 7, 1])
    assert [d.kept for d in made] == [False, False, True, False, False]


def test_a_share_of_bytes_counts_what_moves_as_it_costs():
    rng = np.random.default_rng(0)
    busy = rng.random(5400) < 0.15
    scores = np.where(busy, 5 + rng.exponential(5, 5400), 1.0)
    budget, made = Budget(Share(0.25, "bytes"), 60.0), []
    sizes = np.where(busy, 3000, 1000)
    for n, (score, size) in enumerate(zip(scores, sizes, strict=True)):
        made += budget.offer(Offer(n, 2.0 * n, 2.0 * n + 2, float(score), int(size)))
    made += budget.close()
    kept = np.array([d.kept for d in made])
    assert kept[~busy].sum() == 0
    for hour in (slice(0, 1800), slice(1000, 2800), slice(3600, 5400)):
        assert 0.22 < (kept * sizes)[hour].sum() / sizes[hour].sum() <= 0.25
    assert 0.65 < kept[busy].mean() < 0.75  # of the 35 % of all bytes that move


def test_a_copy_costs_the_bytes_from_its_key_frame_on():
    """Key frames come each 20 s, in which the camera sends 20 kB: copies of single windows are few."""
    rng = np.random.default_rng(0)
    scores = np.where(rng.random(5400) < 0.05, 5 + rng.exponential(5, 5400), 1.0)
    budget, made = Budget(Share(0.25, "bytes"), 60.0), []
    for n, score in enumerate(scores):
        key = 20.0 * (2 * n // 20)
        lead = (key, round(1000 * (2 * n + 2 - key)))
        made += budget.offer(Offer(n, 2.0 * n, 2.0 * n + 2, float(score), 2000, (0.0, 0.0), lead))
    made += budget.close()
    copied = np.zeros(10_800, bool)  # seconds
    for decision in made:
        if decision.kept:
            copied[round(decision.offer.lead[0]) : round(decision.offer.end)] = True
    assert 0.22 < np.convolve(copied, np.ones(3600) / 3600, "valid").max() <= 0.25 + 1e-9
    assert np.mean([d.kept for d in made]) < 0.05


def test_what_a_clip_has_really_cost_is_spent():
    """Clips cost half of what was expected: twice as many are kept, and what they cost is remembered."""
    scores = 20 + np.random.default_rng(0).exponential(3, 1000)
    kept = []
    for factor in (1.0, 0.5):
        budget, made = Budget(Bytes(1e6), 60.0), []
        for n, score in enumerate(scores):
            decided = budget.offer(Offer(n, 2.0 * n, 2.0 * n + 2, float(score), 7000))
            for d in decided:
                if d.kept:
                    budget.correct(d.offer.start, d.offer.end, 7000 * factor)
            made += decided
        kept.append(sum(d.kept for d in made))
        spent = sum(window.cost for window in budget.past())
        assert spent == pytest.approx(7000 * factor * kept[-1])
        assert spent <= 1e6
    assert 1.9 < kept[1] / kept[0] < 2.05


def test_what_was_spent_is_remembered_by_the_next_run():
    scores = 20 + np.random.default_rng(0).exponential(3, 300)
    budget = Budget(Bytes(1e6), 60.0)
    for n, score in enumerate(scores):
        budget.offer(Offer(n, 2.0 * n, 2.0 * n + 2, float(score), 7000))
    past = [Past(window.end - 600, *window[1:]) for window in budget.past()]
    assert 0.9e6 < sum(window.cost for window in past) <= 1e6
    after = Budget(Bytes(1e6), 0.0)
    after.remember(past)
    assert [after.offer(Offer(n, 2.0 * n, 2.0 * n + 2, 50.0, 7000))[0].kept for n in range(5)] == [False] * 5


def test_frames_that_are_being_scored_when_it_is_interrupted_are_decided_about(camera, monkeypatch):
    see = Scene.see

    def interrupted(scene, X):
        monkeypatch.setattr(Scene, "see", see)
        raise KeyboardInterrupt

    monkeypatch.setattr(Scene, "see", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(camera.run(scene(30)))
    assert [(clip.start, clip.end) for clip in camera.finish()] == [(0, 2)]


def test_a_window_knows_how_long_it_was_calm(camera):
    clips = {clip.number: clip for clip in camera.run(scene(150, seed=3, visits=[(104, 113)], light=0.05))}
    assert clips[5].calm == pytest.approx((0.4, 0.7))
    assert clips[4].calm == (0, 0)
    assert rolls(clips[5].calm, 1.0) == pytest.approx((0.6, 0.3))
    assert rolls((1.5, 0.0), 1.0) == (-0.5, 1)


def test_a_crowd_keeps_the_best():
    scores = 20 + np.random.default_rng(1).exponential(3, 3600)
    made = offered(Share(0.1), scores)
    chosen = np.array([d.kept for d in made[1800:]])
    assert scores[1800:][chosen].mean() > np.quantile(scores[1800:], 0.9)


def test_no_hour_takes_more_than_its_bytes_and_the_best_waiting_wins():
    rng = np.random.default_rng(0)
    scores = 5 + rng.exponential(3, 5400)
    made = offered(Bytes(1e6), scores, size=7000)
    kept = np.array([d.kept for d in made])
    in_hour = np.convolve(kept * 7000, np.ones(1800), "valid")
    assert 0.9e6 < in_hour.max() <= 1e6
    few = offered(Bytes(7000), [5, 6, 9, 7], size=7000)
    assert [d.kept for d in few] == [False, False, True, False]


def test_a_threshold_keeps_what_reaches_it_and_its_neighbours():
    made = offered(Threshold(10), [1, 6, 12, 6, 1, 6, 1])
    assert [d.kept for d in made] == [False, True, True, True, False, False, False]


def test_quantities_are_read():
    assert read_keep("12.5 %") == read_keep("12.5% of time") == Share(0.125)
    assert read_keep("25% of bytes") == Share(0.25, "bytes")
    for text in ("12.5%", "25% of bytes", "50 MB/h", "score 4.5"):
        assert str(read_keep(text)) == text
    assert read_keep("50 MB/h") == Bytes(5e7)
    assert read_keep("score 4.5") == Threshold(4.5)
    assert [read_seconds(text, "x") for text in ("2 s", "1.5 min", "250 ms", 3)] == [2, 90, 0.25, 3]


def kinds(camera, frames):
    clips = list(camera.run(frames))
    return clips, [event.kind for event in camera.clear_events()]


def test_what_stands_settles_and_its_leaving_is_an_event(learned):
    camera = Camera.load(learned, settle="20 s")
    frames = scene(900, seed=3, visits=[(100, 600)], light=0.05)
    clips, events = kinds(camera, frames)
    assert [kind for kind in events if kind in ("settled", "left")] == ["settled", "left"]
    score = {clip.number: clip.score for clip in clips}
    assert score[12] > FLOOR  # it has come
    assert all(score[number] < FLOOR for number in range(17, 29))  # it belongs to the scene
    assert all(score[number] < FLOOR for number in range(34, 45))  # and has gone


def test_somebody_before_a_settled_object_is_seen(learned):
    camera = Camera.load(learned, settle="20 s")
    frames = scene(700, seed=3, visits=[(100, 700)], light=0.05)
    frames[500:540, 30:60, 36:60] = 240
    assert [clip.number for clip in camera.run(frames) if clip.kept and clip.number > 17] == [25, 26]


@pytest.mark.parametrize("kind", ["black", "covered", "defocused", "moved", "frozen"])
def test_tampering_is_told_and_scores_nothing(camera, kind):
    frames = scene(700, seed=3, light=0.05)
    part = frames[200:600]
    if kind == "black":
        part[:] = np.random.default_rng(0).integers(0, 4, part.shape)
    elif kind == "covered":
        part[:] = np.random.default_rng(0).integers(60, 66, part.shape)
    elif kind == "defocused":
        part[:] = [ndimage.gaussian_filter(frame, 7) for frame in part]
    elif kind == "moved":
        part[:] = np.roll(part, 24, 2)
    else:
        part[:] = part[0]
    clips, events = kinds(camera, frames)
    assert [name for name in events if name not in ("light", "settled")] == [kind, "restored"]
    late = [clip for clip in clips if 55 > clip.start > (52 if kind == "frozen" else 28)]
    assert late
    assert not any(clip.score for clip in late)


def hall(count, visit=(0, 0), seed=0):
    """A hall with a light wall and little on it; a visitor in black is close to the camera."""
    rng, (y, x) = np.random.default_rng(seed), np.mgrid[0:72, 0:96]
    room = np.where(y < 44, 190.0, 110 + 8 * np.sin(x / 2))
    room[:, 70:74], room[30:44, 40:56] = 150, 220
    frames = np.repeat(room[None], count, 0)
    frames[slice(*visit), 8:68, 30:52] = 25
    frames *= 1 + 0.03 * np.sin(np.arange(count) / 20)[:, None, None]
    return np.clip(frames + rng.normal(0, 1.5, frames.shape), 0, 255).astype(np.uint8)


def test_somebody_close_to_the_camera_has_not_moved_it():
    camera = Camera(keep="score 4")
    camera.learn(hall(60))
    clips, events = kinds(camera, hall(260, (80, 220), seed=1))
    assert events == []
    assert [clip.number for clip in clips if clip.kept] == list(range(4, 11))


def test_a_texture_is_another_if_seven_tenths_of_it_are():
    """What `_UNLIKE` is derived from: the share of a scene that somebody may hide without having moved the camera."""
    learned, other = np.random.default_rng(0).normal(0, 1, (2, 100_000))
    noise = np.random.default_rng(1).normal(0, 0.2, 100_000)
    assert _texture_change(other, learned) == pytest.approx(2**0.5, rel=0.02)
    for hidden, moved in ((0.0, False), (0.5, False), (0.68, False), (0.74, True), (1.0, True)):
        seen = np.where(np.arange(100_000) < hidden * 100_000, other, learned) + noise
        assert (_texture_change(seen, learned) > _UNLIKE) == moved


@pytest.mark.parametrize("cells", [4, 12])
def test_a_view_that_moved_by_some_cells_is_told(camera, cells):
    frames = scene(300, seed=3, light=0.05)
    frames[100:] = np.roll(frames[100:], 2 * cells, 2)
    assert "moved" in kinds(camera, frames)[1]


def test_a_light_step_is_told_and_hides_nobody(empty):
    rng = np.random.default_rng(0)
    learned = empty * (1 + 0.3 * (rng.random(150) < 0.5))[:, None, None]
    camera = Camera()
    camera.learn(np.clip(learned, 0, 255).astype(np.uint8))
    frames = scene(400, seed=9, visits=[(200, 240)], light=0.02)
    frames[200:] = np.clip(frames[200:] * 1.3, 0, 255)
    clips, events = kinds(camera, frames)
    assert events.count("light") == 1
    assert [clip.number for clip in clips if clip.kept] == [10, 11]


def test_a_gap_is_told_and_no_clip_goes_across_it(camera, visited):
    pairs = [(n / 10 + (100 if n >= 115 else 0), frame) for n, frame in enumerate(visited[:200])]
    clips = list(camera.run(pairs))
    assert "gap" in [event.kind for event in camera.clear_events()]
    assert {clip.number for clip in clips}.isdisjoint(range(6, 55))
