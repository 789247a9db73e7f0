"""PyTorch: non-negative least squares with gradients, layers of it, on the CPU, a GPU or a simulated chip."""

try:
    import torch as _torch  # noqa: F401  # pyright: ignore[reportMissingImports]
except ImportError:
    raise ImportError("mho.torch needs PyTorch: pip install 'mho[torch]'") from None

from mho.torch.functional import nnls
from mho.torch.layers import AnalogLayer, NMFLayer

__all__ = ["AnalogLayer", "NMFLayer", "nnls"]
