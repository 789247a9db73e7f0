"""Files from somebody who means harm."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from mho.data import DataError
from mho.image.codec import Picture, decode, encode
from mho.image.codec.container import ALPHA, PIXELS, Header, number, pack, unpack

CAP = 1024


def _checked(body):
    """With the checksum that makes the decoder look at it."""
    return body + struct.pack("<I", zlib.crc32(body))


def _files():
    rng = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(9), np.arange(17)).astype(np.uint8)
    colour = np.stack([smooth, smooth[::-1], 200 - smooth], axis=2) + rng.integers(0, 8, (9, 17, 3), dtype=np.uint8)
    alpha = rng.integers(0, 2, (9, 17), dtype=np.uint8)
    return [
        encode(Picture(smooth), quality=20),
        encode(Picture(colour), quality=10),
        encode(Picture(colour, alpha, b"icc", b"exif"), quality=5),
        encode(Picture(colour, alpha), lossless=True),
        encode(Picture(np.repeat(smooth[::3] // 8 * 8, 3, axis=0)), lossless=True),
        encode(Picture(smooth, xmp=b"xmp", dpi=(9, 9), text={"a": "b"}, colour={"sRGB": b"0", "gAMA": b"0000"})),
    ]


def _mutated(data, rng):
    body = bytearray(data[:-4])
    kind = rng.integers(4)
    if kind == 0:  # a few bytes anywhere
        for at in rng.integers(len(body), size=rng.integers(1, 5)):
            body[at] = rng.integers(256)
    elif kind == 1:  # the header alone
        body[rng.integers(5, min(29, len(body)))] = rng.integers(256)
    elif kind == 2:  # cut
        del body[rng.integers(len(body)) :]
    else:  # a stretch repeated elsewhere
        start, length, to = rng.integers(len(body)), rng.integers(1, 20), rng.integers(len(body))
        body[to:to] = body[start : start + length]
    return _checked(bytes(body)) if rng.random() < 0.9 else bytes(body) + data[-4:]


def _decodes(data):
    """Whether it is a picture within the cap; anything but a `DataError` is a fault."""
    try:
        picture = decode(data, max_pixels=CAP)
    except DataError:
        return False
    assert picture.shape[0] * picture.shape[1] <= CAP
    return True


def test_two_thousand_mutated_files():
    rng = np.random.default_rng(1)
    files = _files()
    decoded = sum(_decodes(_mutated(files[i % len(files)], rng)) for i in range(2_000))
    assert 100 < decoded < 1900  # both ends of the decoder were reached


def test_memory_stays_with_the_cap():
    """About 70 bytes a pixel of what is allowed, whatever a file claims."""
    rng = np.random.default_rng(2)
    files = _files()
    _decodes(files[1])  # load what is loaded once
    tracemalloc.start()
    for i in range(300):
        _decodes(_mutated(files[i % len(files)], rng))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6


def _tile(rng):
    """A tile with words and bits that are noise."""
    noise = rng.bytes(rng.integers(4000))
    words = rng.integers(len(noise) + 1)
    body = bytes([rng.integers(1, 65)]) + number(int(words)) + noise
    return number(len(body)) + body


def test_noise_as_payload():
    rng = np.random.default_rng(3)
    header = Header(shape=(64, 64), steps=(65535, 65535), planes=1)
    for _ in range(20):
        _decodes(pack(header, _tile(rng)))


def test_an_alpha_channel_of_nothing():
    header = Header(shape=(8, 8), steps=(160, 160), planes=1, sections={ALPHA: b"\0"})
    payload = unpack(encode(Picture(np.random.default_rng(4).integers(0, 256, (8, 8), dtype=np.uint8)), quality=5))[1]
    with pytest.raises(DataError, match="no pixels have these bits"):
        decode(pack(header, payload), max_pixels=CAP)


@pytest.mark.parametrize("payload", [b"", b"\0", b"\1", b"\1\5\xff\xff\xff\xff\xff\xff", b"\2abc", b"\1\xff\0"])
def test_pixels_without_loss_that_are_none(payload):
    header = Header(shape=(30, 30), coding=PIXELS, planes=3, halved=False)
    with pytest.raises(DataError, match="damaged"):
        decode(pack(header, payload), max_pixels=CAP)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a .mho"),
        (b"\x89PNG\r\n\x1a\n", "not a .mho"),
        (b"\x8bMHO", "version"),
        (b"\x8bMHO\x03" + bytes(50), "version 3; this program reads versions 1 and 2: a newer mho may read it"),
        (b"\x8bMHO\x02" + bytes(50), "checksum"),
        (b"\x8bMHO\x01", "checksum"),
        (_checked(b"\x8bMHO\x01" + bytes(40)), "header makes no sense"),
        (_checked(b"\x8bMHO\x02" + bytes(40)), "header makes no sense"),
    ],
)
def test_what_is_wrong_is_said(data, message):
    with pytest.raises(DataError, match=message):
        decode(data)
