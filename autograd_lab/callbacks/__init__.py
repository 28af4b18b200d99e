"""Callbacks: watch a training, steer it, and keep what it reached.

``fit``, ``evaluate`` and ``predict`` take a list of them as ``callbacks``; ``History`` and
``ProgbarLogger`` are there without being asked for.
"""

from __future__ import annotations

from autograd_lab.callbacks.base import Callback, LambdaCallback
from autograd_lab.callbacks.callback_list import CallbackList
from autograd_lab.callbacks.csv_logger import CSVLogger
from autograd_lab.callbacks.gradient_flow import GradientFlow
from autograd_lab.callbacks.history import History
from autograd_lab.callbacks.progress import ProgbarLogger
from autograd_lab.callbacks.rates import LearningRateScheduler, ReduceLROnPlateau
from autograd_lab.callbacks.saving import BackupAndRestore, ModelCheckpoint
from autograd_lab.callbacks.stopping import EarlyStopping, TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "GradientFlow",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
