"""Damage to the bytes of files: at any place, inside what is compressed, and below checksums that are right again."""

import gzip
import io
import re
import struct
import warnings
import zipfile
import zlib

EVIL = [
    b"-1",
    b"0",
    b"nan",
    b"inf",
    b"1e308",
    b"1e400",
    b"-0",
    b"1e-320",
    b"1.5",
    b"1,2",
    b"1_0",
    b"3+4j",
    b"true",
    b"null",
]
EVIL += [b"2147483648", b"4294967296", b"9223372036854775808", b"18446744073709551616", b"9" * 400, "١٢".encode()]
EVIL += [
    b"",
    b" ",
    b'"',
    b"[",
    b"{",
    b"}",
    b"\x00",
    b"\r",
    b"\n\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1b[2J",
    b"\xe2\x80\xae",
]
SIZES = [0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**40, 2**63 - 1, 2**63, 2**64 - 1]
NUMBER = re.compile(rb"[0-9.eE+\-]+")
SEAL = re.compile(rb"mho-crc32:(.{8})", re.DOTALL)


def damaged(name, data, others, rng):
    """Return the bytes `data` of the file `name`, damaged once or more; `others` are sound files of its kind."""
    inside = _INSIDE.get(name.rpartition(".")[2])
    if inside and rng.random() < 0.6:
        data = inside(data, others, rng)
    else:
        data = _changed(data, others, rng)
    return _sealed(data) if rng.random() < 0.5 else data


def _changed(data, others, rng):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        rng.choice(_CHANGES)(data, rng.choice(others), rng)
        if not data:
            return b""
    return bytes(data)


def _place(data, rng):
    """Half of the places are near the ends, where formats have their rules."""
    near = min(len(data), 200)
    return rng.choice([rng.randrange(len(data)), rng.randrange(near), len(data) - 1 - rng.randrange(near)])


def _flip(data, _, rng):
    data[_place(data, rng)] ^= 1 << rng.randrange(8)


def _truncate(data, _, rng):
    del data[_place(data, rng) :]


def _delete(data, _, rng):
    at = _place(data, rng)
    del data[at : at + rng.randrange(1, 64)]


def _insert(data, _, rng):
    at = _place(data, rng)
    data[at:at] = rng.choice([rng.randbytes(rng.randrange(1, 9)), rng.choice(EVIL)])


def _splice(data, other, rng):
    begin = rng.randrange(len(other))
    at = _place(data, rng)
    data[at : at + rng.choice([0, 100, len(data)])] = other[begin : begin + rng.choice([20, 200, len(other)])]


def _length(data, _, rng):
    size, order, width = rng.choice(SIZES), rng.choice("<>"), rng.choice("HIQ")
    at, number = _place(data, rng), struct.calcsize(width)
    data[at : at + number] = struct.pack(order + width, size % 2 ** (8 * number))


def _token(data, _, rng):
    found = list(NUMBER.finditer(data, 0, 20_000))
    if found:
        begin, end = rng.choice(found).span()
        data[begin:end] = rng.choice(EVIL)


_CHANGES = [_flip, _flip, _truncate, _delete, _insert, _splice, _length, _token, _token]


def _gzipped(data, others, rng):
    return gzip.compress(_changed(gzip.decompress(data), [_inflated(other) for other in others], rng))


def _inflated(data):
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def _zipped(data, _, rng):
    """Change, drop, swap or double a member; its checksum is right."""
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        members, comment = [(name, whole.read(name)) for name in whole.namelist()], whole.comment
    which = rng.randrange(len(members))
    name, content = members[which]
    others = [content or b"x" for _, content in members]
    match rng.randrange(8):
        case 0:
            del members[which]
        case 1:
            members.append((name, _changed(content or b"x", others, rng)))
        case 2:
            members[which] = (name, rng.choice(others))
        case 3:
            members[which] = (rng.choice(["../x.npy", "x", "about.npy", "format.npy"]), content)
        case _:
            members[which] = (name, _changed(content or b"x", others, rng))
    made = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(made, "w", rng.choice([0, 8])) as whole:
        whole.comment = comment
        for name, content in members:
            whole.writestr(name, content)
    return made.getvalue()


def _header(data, others, rng):
    """Change the header alone and say its length right."""
    length = struct.unpack("<Q", data[:8])[0]
    header = _changed(data[8 : 8 + length], [other[8:] for other in others], rng)
    return struct.pack("<Q", len(header)) + header + data[8 + length :]


def _picture(data, others, rng):
    body = _changed(data[:-4], others, rng)
    return body + struct.pack("<I", zlib.crc32(body))


def _footer(data, others, rng):
    length = struct.unpack("<I", data[-8:-4])[0]
    cut = len(data) - 8 - length
    return data[:cut] + _changed(data[cut:-8], others, rng) + data[-8:]


_INSIDE = {"gz": _gzipped, "npz": _zipped, "safetensors": _header, "mho": _picture, "parquet": _footer}


def _sealed(data):
    """Make the last seal right: what is below it must be sound by itself."""
    places = [found.span(1) for found in SEAL.finditer(data)]
    if not places:
        return data
    begin, end = places[-1]
    without = data[:begin] + b"00000000" + data[end:]
    return data[:begin] + b"%08x" % zlib.crc32(without) + data[end:]
