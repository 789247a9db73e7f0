"""Pictures of patches: their codes chosen and written, read and turned to pixels."""

from mho.kernels._core import decode_picture, encode_tile

__all__ = ["decode_picture", "encode_tile"]
