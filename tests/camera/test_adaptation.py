"""A scene that changes slowly gets parts at calm times, and never one of somebody who stands there."""

import numpy as np
import pytest

from mho import Camera

from .conftest import HEIGHT, WIDTH, scene


def changed(visits=()):
    """A room all of which comes to look otherwise than while learning, as when it snows."""
    frames = scene(500, seed=7, visits=visits).astype(np.float32)
    snow = np.kron(np.random.default_rng(5).normal(0, 9, (HEIGHT // 4, WIDTH // 4)), np.ones((4, 4)))
    strength = np.clip((np.arange(500) - 100) / 150, 0, 1)[:, None, None]
    return np.clip(frames + strength * snow, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    path = tmp_path_factory.mktemp("door") / "door.cam"
    camera = Camera(adapt=None)
    camera.learn(scene(150))
    camera.save(path)
    return path


def scores(path, frames, adapt):
    camera = Camera.load(path, adapt=adapt)
    clips = sorted(camera.run(frames), key=lambda clip: clip.start)
    return np.array([clip.score for clip in clips]), [event for event in camera.events if event.kind == "adapted"]


def test_after_a_slow_change_a_visit_stands_out_again(learned):
    frames = changed(visits=[(440, 480)])
    fixed, none = scores(learned, frames, None)
    adapted, events = scores(learned, frames, "8 s")
    assert none == []
    assert 1 <= len(events) <= 6
    assert min(np.diff([0.0, *(event.time for event in events)])) >= 8 - 1e-6
    visit, before = slice(22, 24), slice(18, 22)
    assert adapted[visit].min() / adapted[before].max() > 2 * fixed[visit].min() / fixed[before].max()


def test_somebody_who_stands_is_not_learned(learned):
    frames = changed(visits=[(300, 500)])
    adapted, events = scores(learned, frames, "8 s")
    assert all(event.time < 34 for event in events)  # seen by a batch at the latest
    assert adapted[-8:].min() > 4


def test_parts_are_few_and_whole(learned):
    from mho.camera.adaptation import Adaptation

    camera = Camera.load(learned)
    adaptation, grid = Adaptation(camera.scene_, 1.0), camera.scene_.grid
    rng = np.random.default_rng(0)
    for number in range(10):
        wall = np.kron(rng.random((6, 8)), np.ones((6, 6)))[: grid.shape[0], : grid.shape[1]] * 200
        X = np.repeat(wall[grid.known][None].astype(np.float32), 8, 0)
        for second in range(12):
            adaptation.look(X, camera.scene_.see(X), 20.0 * number + second, open=False)
    A, first = adaptation.scene.luma.A, camera.scene_.luma.A
    assert A.shape[1] == first.shape[1] + 6
    np.testing.assert_array_equal(A[:, : first.shape[1]], first)
    np.testing.assert_allclose(255 * A, np.rint(255 * A), atol=1e-4)
