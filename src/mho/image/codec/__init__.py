"""The picture codec `.mho`: 8 x 8 patches in a dictionary that two arrays of memory cells hold.

It is a transform coder that such arrays can decode, not a parts-based factorization: see `Dictionary`.
"""

from mho.image.codec.codec import MAX_PIXELS, decode, encode
from mho.image.codec.dictionary import Dictionary
from mho.image.codec.files import FORMATS, picture_bytes, read_picture, write_file
from mho.image.codec.learn import encode_learned, learned_dictionary
from mho.image.codec.picture import Picture
from mho.image.codec.search import encode_to_psnr, encode_to_size
from mho.image.codec.universal import universal_dictionary

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Dictionary",
    "Picture",
    "decode",
    "encode",
    "encode_learned",
    "encode_to_psnr",
    "encode_to_size",
    "learned_dictionary",
    "picture_bytes",
    "read_picture",
    "universal_dictionary",
    "write_file",
]
