"""Who is left out while a scene is learned: people, not light."""

import numpy as np
import pytest
from scipy import ndimage

from mho.camera.grid import Grid
from mho.camera.parts import _blobs, _obvious, learn_parts
from mho.camera.scene import learn_scene
from mho.engines import Digital

GRID = Grid((36, 48))
FRAMES = 90
SPOT = np.s_[12:24, 20:25]
"""Rows and columns of somebody who stands in the middle."""


def room(rng):
    """Frames (n, 36, 48) of a textured room under light that changes, and comes from changing sides."""
    y, x = np.mgrid[0:36, 0:48]
    wall = 90 + 30 * np.sin(x / 3) * np.cos(y / 2.5) + 15 * rng.random((36, 48))
    brightness, gradient = (size * rng.uniform(-1, 1, (FRAMES, 1, 1)) for size in (0.3, 0.6))
    return wall * (1 + brightness) * (1 + gradient * (x / 48 - 0.5))


def learned_from(frames, rng):
    """Cells (n, 36, 48) that were learned from."""
    X = frames + rng.normal(0, 1, frames.shape)
    _, known = learn_parts(X.reshape(FRAMES, -1).astype(np.float32), GRID, 10, engine=Digital(), seed=0)
    return known.reshape(frames.shape)


def left_out(known, somebody):
    """Share of the cells of somebody that were left out, and of all others."""
    return 1 - known[somebody].mean(), 1 - known[~somebody].mean()


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_somebody_who_passes_is_left_out(rng):
    frames, somebody = room(rng), np.zeros((FRAMES, 36, 48), bool)
    for number in range(30):
        somebody[40 + number, 12:24, number + 5 : number + 10] = True
    person, scene = left_out(learned_from(np.where(somebody, 40, frames), rng), somebody)
    assert person > 0.9
    assert scene < 0.02


def test_somebody_who_stands_there_for_a_fifth_of_the_time_is_left_out(rng):
    frames, somebody = room(rng), np.zeros((FRAMES, 36, 48), bool)
    somebody[20:38][(slice(None), *SPOT)] = True
    person, scene = left_out(learned_from(np.where(somebody, 40, frames), rng), somebody)
    assert person > 0.9
    assert scene < 0.02


def test_who_stood_there_while_learning_is_seen_afterwards(rng):
    frames = room(rng)
    frames[20:38][(slice(None), *SPOT)] = 40
    X = (frames + rng.normal(0, 1, frames.shape)).reshape(FRAMES, -1).astype(np.float32)
    seen = learn_scene(X, GRID, engine=Digital(), seed=0).see(X)
    assert seen.score[20:38].min() > 3 * np.r_[seen.score[:20], seen.score[38:]].max()


@pytest.mark.parametrize("light", ["shadow", "lamp", "step"])
def test_light_is_learned(rng, light):
    frames, changed = room(rng), np.zeros((FRAMES, 36, 48), bool)
    if light == "shadow":  # whose edge goes from top to bottom, and wanders
        for number in range(FRAMES):
            changed[number, :, number % 48 : number % 48 + 8] = True
    elif light == "lamp":  # a corner that is lit for a third of the time: more than an intruder's size
        changed[30:60, :20, :20] = True
    else:
        changed[50:] = True
    factor = ndimage.gaussian_filter(
        np.where(changed, {"shadow": 0.7, "lamp": 1.4, "step": 1.4}[light], 1.0), (0, 1, 1)
    )
    known = learned_from(frames * factor, rng)
    assert known.mean() > 0.98
    assert known[changed].mean() > 0.95


def test_what_few_parts_explain_is_nobody(rng):
    """Both signs are needed: the edge of a lamp's light stands out of the blur, and is explained by a part."""
    frames = room(rng)
    X = (frames + rng.normal(0, 1, frames.shape)).reshape(FRAMES, -1).astype(np.float32)
    known = np.ones(X.shape, bool)
    assert _obvious(X, known, GRID, 0).mean() < 0.002
    lit = frames.copy()
    lit[::2, 8:20, 10:24] *= 1.3  # in every second frame
    X = (lit + rng.normal(0, 1, lit.shape)).reshape(FRAMES, -1).astype(np.float32)
    assert _obvious(X, known, GRID, 0).mean() < 0.002


def test_blobs_are_of_an_intruders_size_and_do_not_span_the_picture():
    far = np.zeros((36, 48), bool)
    far[5:9, 5:9] = True  # a blob
    far[6, 11:13] = True  # in pieces, one cell apart
    far[20, 20:22] = True  # two cells: noise
    far[30, :] = True  # from edge to edge
    assert np.array_equal(np.argwhere(_blobs(far, far.size))[:, 0] < 12, np.ones(18, bool))
    wide = np.zeros((36, 48), bool)
    wide[2:18, 2:20] = True  # a sixth of the picture
    assert not _blobs(wide, wide.size).any()
    assert _blobs(wide, 2 * wide.size).sum() == 16 * 18
