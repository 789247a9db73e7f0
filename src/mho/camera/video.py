"""Frames of a video as 8-bit luma, whatever its pixel format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mho.camera.grid import Grid
from mho.data.errors import DataError

if TYPE_CHECKING:
    import av

__all__ = ["luma_of", "pyav", "read_luma"]

_PLANAR = ("yuv", "nv1", "nv2", "gray", "p010")


def pyav() -> Any:
    """Return PyAV, or say how to get it.

    Raises
    ------
    ImportError
        It is not there.
    """
    try:
        import av.bitstream
        import av.logging
    except ImportError as error:
        raise ImportError("cameras and videos need PyAV: pip install 'mho[camera]'") from error
    av.logging.set_level(av.logging.PANIC)  # mho counts and tells what is wrong; FFmpeg's own lines would show URLs
    return av


def luma_of(frame: av.VideoFrame) -> np.ndarray:
    """Return the luma (height, width) of a frame, uint8, upright, in levels as they are coded."""
    if not frame.format.name.startswith(_PLANAR) or frame.format.name.startswith(("yuyv", "yuva")):
        frame = frame.reformat(format="yuv420p")  # packed or RGB
    bits = frame.format.components[0].bits
    plane = frame.planes[0]
    dtype, size = (np.uint8, 1) if bits == 8 else (np.dtype("<u2"), 2)
    samples = np.frombuffer(cast(Any, plane), dtype)  # a plane is a buffer, which its stub does not say
    rows = samples.reshape(-1, plane.line_size // size)[: frame.height, : frame.width]
    if bits != 8:
        shift = 8 if frame.format.name.startswith("p010") else bits - 8  # P010 has its bits at the top
        rows = (rows >> shift).astype(np.uint8)
    turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(rows, turns)) if turns else rows


def read_luma(path: str | os.PathLike[str], *, width: int, most: int = 20_000) -> np.ndarray:
    """Read a whole clip, averaged down.

    Parameters
    ----------
    path : str or path
        A video file.
    width : int
        Pixels of the longer side of what is returned; a smaller picture is taken as it is.
    most : int
        Frames that are taken at the most.

    Returns
    -------
    ndarray of shape (n, h, w)
        Luma, uint8.

    Raises
    ------
    DataError
        It holds no video that can be read, more than `most` frames, or frames of several sizes.
    """
    av = pyav()
    frames: list[np.ndarray] = []
    grid = None
    try:
        with av.open(os.fspath(path)) as container:
            for frame in container.decode(video=0):
                luma = luma_of(frame)
                grid = grid or Grid(luma.shape, min(width, max(luma.shape)))
                frames.append(np.rint(grid.cells(luma)).astype(np.uint8))
                if len(frames) > most:
                    raise DataError(f"{path}: must have at most {most:,} frames")
    except (av.FFmpegError, IndexError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: holds no video that can be read: {error}") from error
    if not frames:
        raise DataError(f"{path}: holds no video frame that can be read")
    return np.array(frames)
