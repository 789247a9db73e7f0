"""Decode COUNT damaged `.mho` files of version 2, each with the checksum that makes the decoder look at it.

Usage: pictures.py COUNT [FIRST]     scripts/sanitize.sh runs it on kernels built with sanitizers
"""

import random
import struct
import sys
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from mutate import damaged

from mho.data import DataError
from mho.image.codec import Picture, decode, encode
from mho.image.codec.container import PATCHES, Header, number, pack, unpack

KEPT = Path(__file__).parents[1] / "image" / "codec" / "second"
MOST_PIXELS = 1 << 21
"""Of two tiles and more."""


def sound_files():
    """Return files of every coding: patches, two tiles and two bands of them, without loss, palettes, alpha."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:70, :90]
    colour = np.stack([y * 3, x * 2, (x * y) % 251], -1).astype(np.uint8)
    noise = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    tall = ((np.mgrid[:1030, :24][0] * 7) % 251).astype(np.uint8)
    made = [
        *(encode(Picture(colour), quality=quality, chroma="420") for quality in (5, 60, 100)),
        *(encode(Picture(colour), quality=quality, chroma="444") for quality in (5, 60, 100)),
        encode(Picture(noise), quality=95),
        encode(Picture(tall), quality=50),
        encode(Picture(noise), lossless=True),
        encode(Picture(colour[..., 0] // 32 * 32, colour[..., 1].copy()), lossless=True),
    ]
    return made + [path.read_bytes() for path in sorted(KEPT.glob("*.mho"))]


def checked(body):
    """Return the bytes with the checksum that is right for them."""
    return body + struct.pack("<I", zlib.crc32(body))


def payload_damaged(data, others, rng):
    """Change the payload alone; its length and the checksum are right."""
    header, payload = unpack(data)
    payload = bytearray(payload)
    for _ in range(rng.choice([1, 1, 2, 5, 40])):
        if payload:
            payload[rng.randrange(len(payload))] = rng.randrange(256)
    if rng.random() < 0.2:
        del payload[rng.randrange(len(payload) + 1) :]
    return pack(header, bytes(payload))


def tile_damaged(data, others, rng):
    """Change what is in one tile; the lengths of all tiles are right."""
    header, payload = unpack(data)
    if header.coding != PATCHES:
        return payload_damaged(data, others, rng)
    tiles = list(split(payload))
    which = rng.randrange(len(tiles))
    tile = bytearray(tiles[which])
    match rng.randrange(4):
        case 0:  # atoms in use, and the length of the coder's words
            tile[rng.randrange(min(5, len(tile)))] = rng.choice([0, 1, 63, 64, 65, 127, 128, 255])
        case 1:
            del tile[rng.randrange(len(tile)) :]
        case 2:  # words and plain bits of noise
            front = bytes(rng.randrange(1, 65) for _ in range(header.planes))
            noise = rng.randbytes(rng.randrange(2000))
            tile = bytearray(front + number(rng.randrange(len(noise) + 1)) + noise)
        case _:
            for _ in range(rng.choice([1, 3, 30])):
                tile[rng.randrange(len(tile))] = rng.randrange(256)
    tiles[which] = bytes(tile)
    return pack(header, b"".join(number(len(tile)) + tile for tile in tiles))


def split(payload):
    """Return the tiles of a sound payload."""
    at = 0
    while at < len(payload):
        length = shift = 0
        while True:
            byte = payload[at]
            length, at, shift = length | (byte & 127) << shift, at + 1, shift + 7
            if byte < 128:
                break
        yield payload[at : at + length]
        at += length


def header_damaged(data, others, rng):
    """Change sizes, steps, coding or colour."""
    header, payload = unpack(data)
    m, n = header.shape
    size = rng.choice([1, 7, 8, 9, m, m + 1, 1023, 1024, 1025, 2000])
    changes = {
        "shape": rng.choice([(size, n), (m, size), (m, n)]),
        "steps": (rng.choice([1, 16, 300, 65535]), rng.choice([1, 16, 300, 65535])),
        "planes": rng.choice([1, 3]),
        "halved": rng.random() < 0.5,
        "coding": rng.choice([header.coding, 0, 1, 2, 3]),
        "sections": header.sections,
    }
    return pack(Header(**changes), payload)


def anything_damaged(data, others, rng):
    """Change any bytes but the checksum, which is right."""
    return checked(damaged("x.mho", data, others, rng)[:-4])


KINDS = (payload_damaged, tile_damaged, tile_damaged, header_damaged, anything_damaged)


def main(count, first=0):
    """Return how many ended otherwise than as a picture or one error; print how many became pictures."""
    files, ends, wrong = sound_files(), Counter(), 0
    for i in range(first, first + count):
        rng = random.Random(i)
        data = rng.choice(KINDS)(rng.choice(files), files, rng)
        try:
            decode(data, max_pixels=MOST_PIXELS)
            ends["decoded"] += 1
        except DataError as error:
            ends[str(error)[:60]] += 1
        except Exception as error:
            wrong += 1
            print(f"file {i}: {type(error).__name__}: {error}", flush=True)
    for end, number_of in ends.most_common():
        print(f"{number_of:6} {end}")
    print(f"read {count} wrong {wrong}")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
