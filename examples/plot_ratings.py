"""
Ratings predicted
=================

100,004 ratings of films, a tenth of them held out at random: root mean square error of the predictions in stars, on the
CPU and on the simulated chip, beside the mean plus an offset of each user and film, and beside the mean alone.
The guide is :doc:`/do/recommend`.
"""

import time

import matplotlib.pyplot as plt
import numpy as np

import mho
from mho.recommend import BiasBaseline, rmse, split_random

stars = mho.data.movielens()
train, test = split_random(len(stars.ratings), test=0.1, seed=0)
known = stars.users[train], stars.items[train], stars.ratings[train]
held_out = stars.users[test], stars.items[test]

# %%
# Four predictions of the same ratings. The chip's cells have eight levels, and are written with errors.

models = {
    "offsets alone": BiasBaseline(),
    "mho, CPU": mho.Recommender(16, random_state=0),
    "mho, chip": mho.Recommender(16, engine="analog", max_iter=5, random_state=0),
}
mean = np.full(len(test), stars.ratings[train].mean())
print(f"{'mean rating':14}  RMSE {rmse(stars.ratings[test], mean):.4f}")
for name, model in models.items():
    begun = time.perf_counter()
    predicted = model.fit(*known).predict(*held_out)
    print(f"{name:14}  RMSE {rmse(stars.ratings[test], predicted):.4f}  {time.perf_counter() - begun:.2f} s")

# %%
# The chip's last iteration tells what it has taken so far, modelled: most of it is for writing the cells.

last = models["mho, chip"].history_[-1]
print(f"{last['chip_seconds']:.3g} s, {last['chip_joules']:.3g} J")

# %%
# Predictions against ratings: few are given less than two stars.

figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
levels = np.unique(stars.ratings)
predicted = models["mho, CPU"].predict(*held_out)
axes.boxplot([predicted[stars.ratings[test] == level] for level in levels], tick_labels=levels, showfliers=False)
axes.set(xlabel="rating given, held out", ylabel="predicted, stars")
plt.show()
