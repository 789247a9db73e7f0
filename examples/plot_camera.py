"""
Somebody in an empty scene
==========================

A fixed camera learns a scene under drifting and stepping light, and then keeps the clips that its parts cannot
explain. The scene is made up of a photo, the people are grey shapes that walk or stand, and the light steps while
some of them are there. Beside: scikit-learn's PCA as a subspace of the background, and what a median of the frames,
scaled to each frame's brightness, leaves over. The light here is harsher for a linear background than that of real
clips, where PCA comes to 0.9 to 0.99; they, and OpenCV's subtractors, are in the guide's table: :doc:`/do/camera`.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

import mho
from mho.chip import preset

rng = np.random.default_rng(0)
learned, count, clip = 200, 1200, 20
scene = 30 + 200 * mho.data.camera()[64:].reshape(96, 2, 128, 2).mean(axis=(1, 3))

# %%
# Ten frames a second: sun that comes and goes from one side, lamps that step, noise, and six visits.

x = np.linspace(0, 1, 128)
sun = np.convolve(rng.normal(0, 1, count + 200), np.ones(200) / 200, "valid")[:count] * 3
lamp = np.where(np.arange(count) % 400 < 200, 1.0, 0.75)
frames = np.stack([scene * (lamp[t] + np.clip(sun[t], -0.3, 0.3) * x) for t in range(count)])
present = np.zeros(count, bool)
for visit, begin in enumerate(range(learned + 40, count - 60, 160)):
    top, left, speed = rng.integers(20, 60), rng.integers(5, 80), (0.6, 0.0)[visit % 2]
    for t in range(begin, begin + 30):
        column = int(left + speed * (t - begin))
        frames[t, top : top + 28, column : column + 10] *= 0.8
        frames[t, top - 8 : top, column + 2 : column + 8] *= 0.85
    present[begin : begin + 30] = True
frames = np.clip(frames + rng.normal(0, 2, frames.shape), 0, 255).astype(np.uint8)
somebody = present.reshape(-1, clip).sum(axis=1)[learned // clip :] >= 5

# %%
# Each clip of two seconds gets one score; how well scores tell clips with somebody from empty ones is the area under
# the curve (AUC), and recall is the share of those with somebody that are among the 20 % of clips that are kept.


def told(name, scores):
    kept = np.argsort(-scores)[: len(scores) // 5]
    recall, most = somebody[kept].sum() / somebody.sum(), min(1.0, len(kept) / somebody.sum())
    print(f"{name:24}  AUC {roc_auc_score(somebody, scores):.3f}  recall {recall:.2f} of {most:.2f}")
    return scores


def of_clips(values):
    """Mean of the best 40 % of a clip's frames, as the camera's own."""
    return np.sort(values[learned:].reshape(-1, clip), axis=1)[:, -8:].mean(axis=1)


curves = {}
for name, engine in {"mho, CPU": "digital", "mho, chip": mho.Analog(preset("pku-2025-4bit"), seed=0)}.items():
    camera = mho.Camera(engine=engine)
    camera.learn(frames[:learned])
    scores = [one.score for one in camera.run(frames[learned:])]
    curves[name] = told(name, np.array(scores))

cells = frames[:, ::2, ::2].reshape(count, -1).astype(float)
pca = PCA(6).fit(cells[:learned:3])
left = np.abs(cells - pca.inverse_transform(pca.transform(cells)))
median = np.median(cells[:learned], axis=0)
gain = np.median(cells / median, axis=1, keepdims=True)
for name, rest in {"scikit-learn's PCA": left, "median, scaled": np.abs(cells - gain * median)}.items():
    curves[name] = told(name, of_clips(np.sort(rest, axis=1)[:, -len(median) // 140 :].mean(axis=1)))

# %%
# A frame with somebody, and the scores over the usual one of each method; grey are the visits.

figure, (picture, axes) = plt.subplots(1, 2, figsize=(8, 3), width_ratios=(1, 2), layout="constrained")
picture.imshow(frames[learned + 55], cmap="gray")
picture.set(xticks=[], yticks=[])
time = learned / 10 + 2 * np.arange(len(somebody))
for name, scores in curves.items():
    axes.plot(time, scores / np.median(scores), label=name)
axes.fill_between(time, 0, 1, where=somebody, transform=axes.get_xaxis_transform(), color="0.85", step="post")
axes.set(xlabel="s", ylabel="score", yscale="log")
axes.legend(fontsize="small")
plt.show()
