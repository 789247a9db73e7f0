"""A picture to the bytes of a `.mho` file, and back."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np

from mho import checks
from mho.data import DataError
from mho.engines import Engine
from mho.image.codec.coder import exact_codes, read_plane, write_codes
from mho.image.codec.container import ALPHA, DICTIONARY, Header, pack, unpack
from mho.image.codec.dictionary import Dictionary
from mho.image.codec.engine_codes import programmed
from mho.image.codec.entropy import Reader, Writer
from mho.image.codec.metadata import pack_metadata, unpack_metadata
from mho.image.codec.picture import Picture
from mho.image.codec.planes import plane_shapes, to_pixels, to_planes
from mho.image.codec.rdo import LAMBDA
from mho.image.codec.side_data import pack_alpha, pack_dictionary, unpack_alpha, unpack_dictionary
from mho.image.codec.universal import models, universal_dictionary

__all__ = ["MAX_PIXELS", "Exact", "analyse", "checked_effort", "decode", "encode", "step_of", "write"]

MAX_PIXELS = 1 << 25
"""33.6 million: what `decode` takes unless told otherwise."""

_COARSEST = 97.0
_CHROMA = 0.8
"""Step of chroma over that of luma."""


def step_of(quality: float) -> int:
    """Return the step of a quality from 0 to 100: 97**sqrt(1 - quality / 100) grey levels, in sixteenths of one."""
    if not isinstance(quality, Real) or isinstance(quality, bool):
        raise TypeError(f"quality must be a number from 0 to 100, got {quality!r}")
    if not 0 <= quality <= 100:
        raise ValueError(f"quality must be from 0 to 100, got {quality!r}")
    return round(16 * _COARSEST ** (1 - float(quality) / 100) ** 0.5)


def checked_effort(effort: int) -> int:
    """Return an effort from 1 to 9."""
    return checks.positive_int(effort, "effort", limit=9)


@dataclass(frozen=True, eq=False)
class Exact:
    """A picture's codes before they are rounded, from which files of any quality are written.

    Attributes
    ----------
    picture : Picture
        What was analysed.
    codes : tuple of ndarray, each of shape (64, rows, columns)
        h+ - h- of the patches of each plane, in grey levels.
    dictionary : Dictionary or None
        None if it is the universal one.
    """

    picture: Picture
    codes: tuple[np.ndarray, ...]
    dictionary: Dictionary | None = None


def analyse(picture: Picture, dictionary: Dictionary | None = None, engine: str | Engine | None = None) -> Exact:
    """Return the codes of a picture for the universal dictionary, or for one that its file will hold."""
    atoms = dictionary or universal_dictionary()
    solve = atoms.codes if engine is None else programmed(atoms, engine)
    return Exact(picture, tuple(exact_codes(plane, solve) for plane in to_planes(picture.pixels)), dictionary)


def write(exact: Exact, step: int, lam: float = LAMBDA, effort: int = 1) -> bytes:
    """Return the file of codes rounded at a step in sixteenths of a grey level.

    `lam` is that of `rdo.quantize`, `effort` that of `encode`.
    """
    chroma_step = max(16, round(step * _CHROMA))
    writer, n_atoms = Writer(), []
    for plane, codes in enumerate(exact.codes):
        scaled = codes * np.float32(16 / (chroma_step if plane else step))
        n_atoms.append(write_codes(scaled, models()[plane], writer, lam, effort)[0])
    sections = _sections(exact)
    header = Header(shape=exact.picture.shape, steps=(step, chroma_step), n_atoms=tuple(n_atoms), sections=sections)
    return pack(header, writer.data)


def _sections(exact: Exact) -> dict[int, bytes]:
    picture = exact.picture
    found = pack_metadata(picture)
    if picture.alpha is not None:
        found[ALPHA] = pack_alpha(picture.alpha)
    if exact.dictionary is not None:
        found[DICTIONARY] = pack_dictionary(exact.dictionary)
    return found


def encode(
    picture: Picture,
    *,
    quality: float = 60,
    dictionary: Dictionary | None = None,
    engine: str | Engine | None = None,
    effort: int = 1,
) -> bytes:
    """Return a picture as the bytes of a `.mho` file.

    Parameters
    ----------
    picture : Picture
        8-bit grey or RGB.
    quality : float
        From 0, coarse, to 100.
    dictionary : Dictionary, optional
        One for this picture, which the file then holds; by default the universal one, which it need not.
    engine : str or Engine, optional
        Who solves for the codes, such as a simulated chip with arrays of 128 rows and 192 columns (slow); by default
        they are taken with the inverse of the dictionary.
    effort : int
        Passes, 1 to 9; each after the first chooses the codes anew by what they do to the bits of those around them.
    """
    if not isinstance(picture, Picture):
        raise TypeError(
            f"picture must be a mho.image.codec.Picture, got {type(picture).__name__}; Picture(pixels) makes one"
        )
    step, effort = step_of(quality), checked_effort(effort)
    return write(analyse(picture, dictionary, engine), step, effort=effort)


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS, dictionary: Dictionary | None = None) -> Picture:
    """Return the picture of a `.mho` file, the same one on every machine.

    Parameters
    ----------
    data : bytes
        The whole file. It is taken for hostile.
    max_pixels : int
        Larger pictures are refused before memory is taken for them.
    dictionary : Dictionary, optional
        Decode with this one, such as a noisy array's, whatever the file says.

    Raises
    ------
    DataError
        Not a `.mho` file, damaged, or too large.
    """
    header, payload = unpack(data)
    if header.shape[0] * header.shape[1] > max_pixels:
        m, n = header.shape
        raise DataError(f"a picture of {m} x {n} pixels, more than max_pixels = {max_pixels:,}")
    stored = header.sections.get(DICTIONARY)
    atoms = dictionary or (unpack_dictionary(stored) if stored else universal_dictionary())
    reader, planes = Reader(payload), []
    for plane, shape in enumerate(plane_shapes(header.shape, len(header.n_atoms))):
        n_atoms, step = header.n_atoms[plane], header.steps[plane > 0]
        planes.append(read_plane(reader, models()[plane], atoms, shape, n_atoms, step))
    alpha = header.sections.get(ALPHA)
    return Picture(
        pixels=to_pixels(planes, header.shape),
        alpha=None if alpha is None else unpack_alpha(alpha, header.shape),
        **unpack_metadata(header.sections),
    )
