"""Smart camera: learns an empty scene as non-negative parts, and keeps the clips that they cannot explain."""

from mho.camera.camera import Camera, Clip, SceneReport
from mho.camera.evaluation import Evaluation, evaluate
from mho.camera.quantities import Bytes, Share, Threshold
from mho.camera.state import Event
from mho.camera.watch import Zone

__all__ = ["Bytes", "Camera", "Clip", "Evaluation", "Event", "SceneReport", "Share", "Threshold", "Zone", "evaluate"]
