"""Pictures: codes of patches chosen and written, read and turned to pixels; pixels without loss."""

from mho.kernels._core import decode_picture, decode_pixels, encode_pixels, encode_tile

__all__ = ["decode_picture", "decode_pixels", "encode_pixels", "encode_tile"]
