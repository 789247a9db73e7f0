"""The picture codec `.mho`: 8 x 8 patches in a dictionary that two arrays of memory cells hold.

It is a transform coder that such arrays can decode, not a parts-based factorization: see `Dictionary`.
"""

from mho.image.codec.codec import MAX_PIXELS, decode, encode
from mho.image.codec.dictionary import Dictionary
from mho.image.codec.picture import Picture
from mho.image.codec.universal import universal_dictionary

__all__ = ["MAX_PIXELS", "Dictionary", "Picture", "decode", "encode", "universal_dictionary"]
