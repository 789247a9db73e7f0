"""A peer of photo clean-up, in the peers' environment: `peer_cleanup.py bm3d|telea|ns IN.npz OUT.npz`."""

import sys
import time

import numpy as np


def bm3d(stable):
    """vapoursynth-bm3d's basic and final estimate of noise of variance 1, (m, n, 3) float32."""
    import vapoursynth as vs

    core, low = vs.core, float(stable.min())
    sigma = 255 / float(np.ptp(stable))
    planes = (stable - low) / np.float32(np.ptp(stable))
    blank = core.std.BlankClip(width=stable.shape[1], height=stable.shape[0], format=vs.RGBS, length=1)

    def filled(n, f):
        frame = f.copy()
        for channel in range(3):
            np.copyto(np.asarray(frame[channel]), planes[..., channel])
        return frame

    clip = core.bm3d.RGB2OPP(core.std.ModifyFrame(blank, blank, filled), sample=1)
    told = {"sigma": [sigma] * 3, "profile": "np", "matrix": 100}
    final = core.bm3d.Final(clip, core.bm3d.Basic(clip, **told), **told)
    frame = core.bm3d.OPP2RGB(final, sample=1).get_frame(0)
    return np.stack([np.asarray(frame[channel]) for channel in range(3)], axis=-1) / sigma * 255 + low


def opencv(method, damaged, mask):
    import cv2

    cv2.setNumThreads(1)
    return cv2.inpaint(damaged, mask.astype(np.uint8), 3, cv2.INPAINT_TELEA if method == "telea" else cv2.INPAINT_NS)


def main(method, source, target):
    with np.load(source) as held:
        arrays = [held[name] for name in held.files]
    call = (lambda: bm3d(*arrays)) if method == "bm3d" else (lambda: opencv(method, *arrays))
    call()
    started = time.process_time()
    result = call()
    np.savez(target, result=result, seconds=time.process_time() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
