"""
A network with parts in it
==========================

Handwritten digits, 8 x 8: a layer that finds the amounts of 16 learned non-negative parts in a picture, and a linear
one that reads the digit from them, trained together. Then the trained parts are written to a simulated chip, as they
are, and trained on with the chip in the loop. It needs PyTorch, ``pip install 'mho[torch]'``, and is shown here without
a run; what it printed is in its last lines. The guide is :doc:`/do/torch`.
"""

import copy

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from mho.torch import AnalogLayer, NMFLayer

# %%
# 1,347 pictures to learn from, 450 to be judged by.

X, y = load_digits(return_X_y=True)
parts = train_test_split(X / 16, y, random_state=0, stratify=y)
X_train, X_test = (torch.tensor(part, dtype=torch.float32) for part in parts[:2])
y_train, y_test = (torch.tensor(part) for part in parts[2:])


def train(network, epochs, lr):
    """Train a network by cross-entropy."""
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    for _ in range(epochs):
        for rows in torch.randperm(len(X_train)).split(128):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(X_train[rows]), y_train[rows]).backward()
            optimizer.step()


@torch.no_grad()
def accuracy(network):
    """Return the share of test pictures that are read rightly."""
    return float((network(X_test).argmax(1) == y_test).float().mean())


# %%
# The gradient passes through the least squares: both layers learn.

torch.manual_seed(0)
digital = torch.nn.Sequential(NMFLayer(64, 16, l2=0.1), torch.nn.Linear(16, 10))
before = accuracy(digital)
train(digital, epochs=20, lr=0.02)
print(f"digital: {before:.1%} before training, {accuracy(digital):.1%} after")

# %%
# The same weights on a chip with 4-bit cells, then two epochs through it: the forward pass is the chip's, the gradient
# the digital one at its answers. Each step writes the parts anew. A digital copy trains on as long, for comparison.

analog = torch.nn.Sequential(AnalogLayer(64, 16, l2=0.1, chip="pku-2025-4bit", seed=0), torch.nn.Linear(16, 10))
analog.load_state_dict(digital.state_dict())
print(f"on the chip as they are: {accuracy(analog):.1%}")
train(analog, epochs=2, lr=0.005)
print(f"trained on through the chip: {accuracy(analog):.1%}")
further = copy.deepcopy(digital)
train(further, epochs=2, lr=0.005)
print(f"trained on digitally: {accuracy(further):.1%}")

# %%
# A run of two minutes of one core printed::
#
#     digital: 5.3% before training, 95.1% after
#     on the chip as they are: 94.9%
#     trained on through the chip: 97.1%
#     trained on digitally: 96.4%
