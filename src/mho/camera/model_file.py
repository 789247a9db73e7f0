"""A learned camera in numpy's .npz format: 8-bit parts, masks and one line of JSON, no code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from mho.camera.grid import Grid, check_rectangle
from mho.camera.parts import Parts, code_of, spread_of
from mho.camera.scene import Scene
from mho.data import DataError
from mho.data.sealed_npz import read_archive, write_archive
from mho.engines import Engine

__all__ = ["read_model", "write_model"]

_FORMAT = "mho camera 1"
_MOST_PIXELS, _MOST_CELLS, _MOST_PARTS = 2**14, 128, 64
_MOST_BYTES = 1 << 20


def write_model(path: str | os.PathLike[str], scene: Scene, background: np.ndarray, settings: dict[str, Any]) -> None:
    """Write what was learned.

    Parameters
    ----------
    path : str or path
        Usually ends in ``.cam``.
    scene : Scene
        With its grid and masks.
    background : ndarray of shape (h, w)
        A small picture of the empty scene, uint8.
    settings : dict
        Of the camera.
    """
    grid = scene.grid
    about = {
        "format": _FORMAT,
        "frame": grid.frame,
        "scale": grid.scale,
        "masks": grid.masks,
        "brightness": scene.brightness,
        "noise": scene.noise,
        "usual": scene.usual,
        "levels": [scene.luma.level, scene.local.level],
        "settings": settings,
    }
    arrays = {"background": background, "typical": scene.typical}
    for name, parts in (("luma", scene.luma), ("local", scene.local)):
        entries = np.rint(255 * parts.A.T).astype(np.uint8)
        arrays[f"{name}_parts"] = np.diff(entries, axis=1, prepend=entries[:, :1] * 0)  # neighbours are alike
        arrays[f"{name}_spread"] = code_of(parts.spread)
    write_archive(path, about, arrays, compressed=True)


def read_model(path: str | os.PathLike[str], engine_of: Any) -> tuple[Scene, np.ndarray, dict[str, Any]]:
    """Read what `write_model` has written.

    Parameters
    ----------
    path : str or path
        A file that `write_model` has written.
    engine_of : callable
        From the settings to the engine.

    Raises
    ------
    DataError
        The file is damaged or another.
    OSError
        It cannot be read.
    """
    path = Path(path)
    with read_archive(path, "a camera that was learned", most_bytes=_MOST_BYTES) as archive:
        about = archive.about
        if not archive.sealed:
            raise DataError(f"{path}: is damaged: its checksum is gone")
        if about["format"] != _FORMAT:
            raise DataError(f"{path}: is not a camera of this version, but {about['format']!r}")
        scene = _scene(archive.arrays, about, engine_of(about["settings"]))
        background = archive.arrays["background"]
    if background.dtype != np.uint8 or background.ndim != 2 or not background.size:
        raise DataError(f"{path}: its background is no picture")
    return scene, background, about["settings"]


def _scene(file: Any, about: dict[str, Any], engine: Engine) -> Scene:
    height, width = map(int, about["frame"])
    scale = int(about["scale"])
    if not (0 < height <= _MOST_PIXELS and 0 < width <= _MOST_PIXELS and 0 < scale <= _MOST_CELLS):
        raise ValueError("its size is none of a camera")
    grid = Grid((height, width), scale, tuple(check_rectangle(mask, "mask") for mask in about["masks"]))
    luma, local = (
        _parts(file, name, float(level), engine, int(grid.known.sum()))
        for name, level in zip(("luma", "local"), about["levels"], strict=True)
    )
    numbers = [float(about[name]) for name in ("brightness", "usual")] + [float(x) for x in about["noise"]]
    if len(numbers) != 4 or not all(0 < x < np.inf for x in numbers):
        raise ValueError("its statistics must be finite and above 0")
    typical = file["typical"]
    if typical.dtype != np.float32 or typical.shape != luma.A.shape[1:] or not np.isfinite(typical).all():
        raise ValueError("its usual light does not fit its parts")
    return Scene(grid, luma, local, numbers[0], (numbers[2], numbers[3]), numbers[1], typical)


def _parts(file: Any, name: str, level: float, engine: Engine, cells: int) -> Parts:
    A, spread = file[f"{name}_parts"], file[f"{name}_spread"]
    if A.dtype != np.uint8 or A.ndim != 2 or not 0 < len(A) <= _MOST_PARTS or A.shape[1] != cells:
        raise ValueError("its parts do not fit its picture")
    if spread.dtype != np.uint8 or spread.shape != (cells,) or not 0 < level < np.inf:
        raise ValueError("its spreads do not fit its picture")
    A = np.add.accumulate(A, axis=1, dtype=np.uint8).T
    return Parts(np.ascontiguousarray(A.astype(np.float32) / np.float32(255)), spread_of(spread), level, engine)
