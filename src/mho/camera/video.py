"""Frames of a video as 8-bit luma, whatever its pixel format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from mho.camera.grid import Grid
from mho.data.errors import DataError

if TYPE_CHECKING:
    import av

__all__ = ["luma_of", "pyav", "read_luma"]

_PLANAR = ("yuv", "nv1", "nv2", "gray")


def pyav() -> Any:
    """Return PyAV, or say how to get it.

    Raises
    ------
    ImportError
        It is not there.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError("cameras and videos need PyAV: pip install 'mho[camera]'") from error
    av.logging.set_level(av.logging.PANIC)  # what is wrong is counted and told; FFmpeg's own lines would show URLs
    return av


def luma_of(frame: av.VideoFrame) -> np.ndarray:
    """Return the luma (height, width) of a frame, uint8, upright, in levels as they are coded."""
    name = frame.format.name
    if not name.startswith(_PLANAR) or frame.format.components[0].bits not in (8, 10, 12, 16):
        frame = frame.reformat(format="yuv420p")  # packed or RGB
    bits = frame.format.components[0].bits
    plane = frame.planes[0]
    dtype, size = (np.uint8, 1) if bits == 8 else (np.dtype("<u2"), 2)
    rows = np.frombuffer(plane, dtype).reshape(-1, plane.line_size // size)[: frame.height, : frame.width]
    luma = rows if bits == 8 else (rows >> (bits - 8)).astype(np.uint8)
    turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4
    return np.rot90(luma, turns) if turns else luma


def read_luma(path: str | os.PathLike[str], *, width: int, most: int = 20_000) -> np.ndarray:
    """Read a whole clip, uint8 (n, h, w), averaged down to `width` pixels.

    Raises
    ------
    DataError
        It holds no video that can be read, or more than `most` frames.
    """
    av = pyav()
    frames: list[np.ndarray] = []
    grid = None
    try:
        with av.open(os.fspath(path)) as container:
            for frame in container.decode(video=0):
                luma = luma_of(frame)
                grid = Grid(luma.shape, width) if grid is None or grid.frame != luma.shape else grid
                frames.append(np.rint(grid.cells(luma)).astype(np.uint8))
                if len(frames) > most:
                    raise DataError(f"{path}: must have at most {most:,} frames")
    except (av.FFmpegError, IndexError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        if not frames:
            raise DataError(f"{path}: holds no video that can be read: {error}") from error
    if not frames:
        raise DataError(f"{path}: holds no video frame that can be read")
    return np.array(frames)
