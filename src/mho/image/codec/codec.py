"""A picture to the bytes of a `.mho` file, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Literal

import numpy as np

from mho import checks
from mho.caching import cached_property
from mho.data import DataError
from mho.engines import Engine
from mho.image.codec.chip_dictionary import ChipDictionary
from mho.image.codec.coder import LAMBDA, exact_codes, write_tile
from mho.image.codec.container import ALPHA, DICTIONARY, PATCHES, PIXELS, SMOOTHED, Header, number, pack, unpack
from mho.image.codec.dictionary import Dictionary
from mho.image.codec.engine_codes import programmed
from mho.image.codec.lossless import pack_pixels, palette_of, promising, unpack_pixels
from mho.image.codec.metadata import pack_metadata, unpack_metadata
from mho.image.codec.picture import Picture
from mho.image.codec.planes import chroma_loss, to_planes
from mho.image.codec.side_data import pack_alpha, pack_dictionary, unpack_alpha, unpack_dictionary
from mho.image.codec.universal import models, universal_dictionary
from mho.kernels import thread_count
from mho.kernels.pictures import decode_picture

__all__ = [
    "CHROMA",
    "MAX_PIXELS",
    "Chroma",
    "Exact",
    "analyse",
    "checked_effort",
    "decode",
    "encode",
    "prepared",
    "smaller",
    "step_of",
    "write",
]

MAX_PIXELS = 1 << 25
"""33.6 million: what `decode` takes unless told otherwise."""

Chroma = Literal["auto", "420", "444"]
CHROMA: tuple[Chroma, ...] = ("auto", "420", "444")
"""Chroma of half the resolution or of the full one, or the one of these that suits the picture."""

_COARSEST = 97.0
_CHROMA = 0.8
"""Step of chroma over that of luma."""

_FINER = 1.4
"""Steps of version 1 over those of version 2, whose atoms weigh 1 to 2.4: about the same size at one quality."""

_COARSE = 24 * 16
"""Step of luma from which on edges are smoothed more: there WebP's are."""

_TILE = 1024
_FAITHFUL = 2.0
"""Squared error of halved chroma, in squared steps, from which on chroma keeps its full resolution: coloured text from
quality 60 on, photos of strong colours from 97."""


def step_of(quality: float) -> int:
    """Return a quality's step, 97**sqrt(1 - quality / 100) / 1.4 grey levels, in sixteenths of one."""
    if not isinstance(quality, Real) or isinstance(quality, bool):
        raise TypeError(f"quality must be a number from 0 to 100, got {quality!r}")
    if not 0 <= quality <= 100:
        raise ValueError(f"quality must be from 0 to 100, got {quality!r}")
    return round(16 / _FINER * _COARSEST ** (1 - float(quality) / 100) ** 0.5)


def checked_effort(effort: int) -> int:
    """Return an effort from 1 to 9."""
    return checks.positive_int(effort, "effort", limit=9)


@dataclass(frozen=True, eq=False)
class Exact:
    """A picture's codes before they are rounded, from which files of any quality are written.

    Attributes
    ----------
    picture : Picture
        What is analysed.
    solve : callable
        From patches (64, n) to codes (64, n), both in grey levels.
    dictionary : Dictionary or None
        None if it is the universal one.
    chroma : {"auto", "420", "444"}
        Resolution of chroma.
    """

    picture: Picture
    solve: Callable[[np.ndarray], np.ndarray]
    dictionary: Dictionary | None = None
    chroma: Chroma = "auto"
    _known: dict[bool, list[list[np.ndarray]]] = field(default_factory=dict)

    def halved(self, step: int) -> bool:
        """Whether chroma is of half the resolution at a step in sixteenths of a grey level."""
        if self.chroma != "auto" or self.picture.pixels.ndim == 2:
            return self.chroma != "444"
        return self._chroma_loss <= _FAITHFUL * (step / 16) ** 2

    @cached_property
    def _chroma_loss(self) -> float:
        return chroma_loss(self.picture.pixels)

    def tiles(self, halved: bool) -> list[list[np.ndarray]]:
        """Return the codes (64, rows, columns) of each plane of each tile, in grey levels."""
        if halved not in self._known:
            planes = (to_planes(part, halved=halved) for part in _parts(self.picture.pixels))
            self._known[halved] = [[exact_codes(plane, self.solve) for plane in tile] for tile in planes]
        return self._known[halved]


def _parts(pixels: np.ndarray) -> Iterator[np.ndarray]:
    m, n = pixels.shape[:2]
    for top in range(0, m, _TILE):
        for left in range(0, n, _TILE):
            yield pixels[top : top + _TILE, left : left + _TILE]


def analyse(
    picture: Picture,
    dictionary: Dictionary | None = None,
    engine: str | Engine | ChipDictionary | None = None,
    chroma: Chroma = "auto",
) -> Exact:
    """Return a picture with codes for the universal dictionary, or for one that its file will hold."""
    if not isinstance(picture, Picture):
        raise TypeError(
            f"picture must be a mho.image.codec.Picture, got {type(picture).__name__}; Picture(pixels) makes one"
        )
    if chroma not in CHROMA:
        raise ValueError(f"chroma must be one of {', '.join(CHROMA)}, got {chroma!r}")
    atoms = dictionary or universal_dictionary()
    return Exact(prepared(picture)[0], atoms.codes if engine is None else programmed(atoms, engine), dictionary, chroma)


def write(exact: Exact, step: int, lam: float = LAMBDA, effort: int = 1) -> bytes:
    """Return the file of codes rounded at a step in sixteenths of a grey level.

    `lam` is that of `coder.choose`, `effort` that of `encode`.
    """
    steps = (step, max(1, round(step * _CHROMA)))
    halved, payload = exact.halved(step), []
    for tile in exact.tiles(halved):
        scaled = [codes * np.float32(16 / steps[plane > 0]) for plane, codes in enumerate(tile)]
        data = write_tile(scaled, models(), lam, effort)
        payload += [number(len(data)), data]
    colour = {"planes": 1 if exact.picture.pixels.ndim == 2 else 3, "halved": halved}
    coding = SMOOTHED if step >= _COARSE else PATCHES
    header = Header(shape=exact.picture.shape, coding=coding, steps=steps, sections=_sections(exact), **colour)
    return pack(header, b"".join(payload))


def _without_loss(exact: Exact) -> bytes:
    picture = exact.picture
    header = Header(
        shape=picture.shape,
        planes=1 if picture.pixels.ndim == 2 else 3,
        halved=False,
        coding=PIXELS,
        sections=_sections(exact),
    )
    return pack(header, pack_pixels(picture.pixels))


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
    engine: str | Engine | ChipDictionary | None = None,
    effort: int = 1,
    chroma: Chroma = "auto",
    lossless: bool = False,
) -> bytes:
    """Return a picture as the bytes of a `.mho` file.

    Parameters
    ----------
    picture : Picture
        8-bit grey or RGB.
    quality : float
        From 0, coarse, to 100.
    dictionary : Dictionary, optional
        One for this picture, which the file then holds; by default the universal one, which it need not. The more an
        atom is worth, the coarser its codes are.
    engine : str or Engine, optional
        Who solves for the codes, such as a simulated chip with arrays of 128 rows and 192 columns (slow); by default
        they are taken with the inverse of the dictionary.
    effort : int
        Passes, 1 to 9; each after the first chooses the codes anew by what they do to the bits of those around them.
    chroma : {"auto", "420", "444"}
        Resolution of chroma: half along both sides, which suits photos, or full, which coloured text and drawings need.
    lossless : bool
        Keep every pixel as it is. Otherwise that is done where it takes fewer bytes, unless an engine is named.
    """
    step, effort = step_of(quality), checked_effort(effort)
    exact = analyse(picture, dictionary, engine, chroma)
    if lossless:
        return _without_loss(exact)
    coded = write(exact, step, effort=effort)
    return coded if engine is not None else smaller(exact, coded)


def smaller(exact: Exact, coded: bytes) -> bytes:
    """Return a file, or the one without loss if that is smaller, as of drawings and screenshots."""
    pixels = exact.picture.pixels
    if exact.dictionary is not None or not (promising(pixels, len(coded)) or palette_of(pixels)):
        return coded
    return min(_without_loss(exact), coded, key=len)


def prepared(picture: Picture) -> tuple[Picture, tuple[str, ...]]:
    """Return a picture as a file holds it, and clauses that say what is not kept.

    Alpha that is opaque everywhere is dropped. Colours that cannot be seen become one, the mean of the others.
    """
    alpha = picture.alpha
    if alpha is None:
        return picture, ()
    if (alpha == 255).all():
        return replace(picture, alpha=None), ("dropped alpha, opaque everywhere",)
    hidden = alpha == 0
    if not hidden.any():
        return picture, ()
    shown = picture.pixels[~hidden]
    level = np.rint(shown.mean(axis=0)).astype(np.uint8) if len(shown) else np.uint8(0)
    if (picture.pixels[hidden] == level).all():
        return picture, ()
    pixels = picture.pixels.copy()
    pixels[hidden] = level
    return replace(picture, pixels=pixels), ("cleared the colours of pixels that are transparent",)


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
    alpha = header.sections.get(ALPHA)
    return Picture(
        pixels=_pixels(header, payload, dictionary),
        alpha=None if alpha is None else unpack_alpha(alpha, header.shape, header.version),
        **unpack_metadata(header.sections),
    )


def _pixels(header: Header, payload: bytes, dictionary: Dictionary | None) -> np.ndarray:
    if header.coding == PIXELS:
        return unpack_pixels(payload, header.shape, header.planes)
    stored = header.sections.get(DICTIONARY)
    atoms = dictionary or (unpack_dictionary(stored) if stored else universal_dictionary(header.version))
    pixels = np.empty(header.shape if header.planes == 1 else (*header.shape, 3), np.uint8)
    held = models(header.version)
    sound = decode_picture(
        header.version,
        np.frombuffer(payload, np.uint8),
        [held[0].packed, held[-1].packed],
        *(atoms.levels, np.ascontiguousarray(atoms.scale), header.halved, header.coding == SMOOTHED),
        *(list(header.steps), [*header.n_atoms, 0, 0, 0][:3]),
        *(pixels, thread_count()),
    )
    if not sound:
        raise DataError("a damaged .mho picture: no code has these bits")
    return pixels
