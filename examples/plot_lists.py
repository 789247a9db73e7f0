"""
Lists of what to see next
=========================

Films that somebody gave four stars or more, without the ratings: what else would they choose? A tenth of the choices is
held out. nDCG of the best ten, a mean over everybody with something held out, beside the list that pleases most people:
the most chosen films. The guide is :doc:`/do/recommend`.
"""

import numpy as np

import mho
from mho.recommend import evaluate, split_random

stars = mho.data.movielens()
liked = stars.ratings >= 4
users, items = stars.users[liked], stars.items[liked]
train, test = split_random(len(users), test=0.1, seed=0)

# %%
# The same model on the CPU and on the chip.

for name, engine, iterations in (("CPU", "digital", 10), ("chip", "analog", 2)):
    shelf = mho.Recommender(8, model="implicit", engine=engine, max_iter=iterations, random_state=0)
    shelf.fit(users[train], items[train])
    scores = evaluate(shelf, users[test], items[test], np.ones(len(test)))
    print(f"mho, {name:5}  nDCG@10 {scores.ndcg:.3f}  recall@10 {scores.recall:.3f}  films shown {scores.coverage:.0%}")

# %%
# The most chosen films that a person has not seen, scored in the same way.

counts = np.bincount(items[train], minlength=items.max() + 1)
popular = counts.argsort()[::-1]
discounts = 1 / np.log2(np.arange(2, 12))
gains = []
for user in np.unique(users[test]):
    seen, hidden = set(items[train][users[train] == user]), set(items[test][users[test] == user]) & set(items[train])
    top = [item for item in popular[: len(seen) + 10] if item not in seen][:10]
    hits = np.isin(top, list(hidden))
    if hidden:
        gains.append((hits * discounts).sum() / discounts[: len(hidden)].sum())
print(f"most chosen  nDCG@10 {np.mean(gains):.3f}")
