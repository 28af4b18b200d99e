"""One run of a comparison as a record, kept in a file whose name is a hash of its configuration."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lab import config
from autograd_lab.datasets.dataset import DataSet
from autograd_lab.experiments.building import prepare
from autograd_lab.experiments.parallel import one_thread
from autograd_lab.experiments.running import Result, train
from autograd_lab.experiments.settings import Settings
from autograd_lab.experiments.tables import plain
from autograd_lab.files.atomic import atomic_write
from autograd_lab.files.refusals import FileError, read_bytes
from autograd_lab.files.tensors import digest

SCHEMA = "autograd-lab/run/1"
LIMIT = 100_000_000  # bytes of one record
Key = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """What one run gave: numbers of each epoch, of the end, and of the best epoch."""

    history: Mapping[str, list[float]]
    results: Mapping[str, Mapping[str, float]]
    epochs: int
    diverged: int | None
    seconds: float

    def final(self, name: str) -> float:
        """A number of the validation part with the weights that were kept."""
        return self.results["validation"][name]

    def best(self, name: str, rises: bool) -> float:
        """The best value of any epoch on the validation part; nan if no epoch gave one."""
        values = [v for v in self.history[f"val_{name}"] if math.isfinite(v)]
        if not values:
            return math.nan
        return max(values) if rises else min(values)


def fingerprint(data: DataSet) -> dict[str, Any]:
    """What tells data apart: the digests of their arrays, and the names of the classes."""
    arrays = {"x": data.x, "y": data.y, "x_test": data.x_test, "y_test": data.y_test}
    found = {name: digest(array) for name, array in arrays.items() if array is not None}
    return {**found, "shape": list(data.x.shape), "classes": list(data.class_names)}


def key_of(settings: Settings, data: Mapping[str, Any]) -> Key:
    """All that a run's numbers depend on, but for the machine."""
    return {
        "schema": SCHEMA,
        "settings": settings.as_dict(),
        "data": dict(data),
        "floatx": config.floatx(),
        "versions": {"autograd-lab": version("autograd-lab"), "numpy": np.__version__},
    }


def name_of(key: Key) -> str:
    """The name of a run's file."""
    text = json.dumps(key, sort_keys=True, ensure_ascii=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:20]}.json"


def run(settings: Mapping[str, Any], key: Key, folder: str | None) -> tuple[str, Record]:
    """Train, and write the record to the folder, if one is given; called in a process of its own.

    The result is the name of the run's file and the record.
    """
    if multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one decides
    with one_thread():
        record = _record(train(prepare(Settings(**settings))))
    name = name_of(key)
    if folder is not None:
        write(Path(folder, name), key, record)
    return name, record


def _record(result: Result) -> Record:
    return Record(
        result.history, result.metrics, result.epochs, result.diverged, round(result.seconds, 3)
    )


# --- files ----------------------------------------------------------------------------------------


def write(path: Path, key: Key, record: Record) -> None:
    """Write a record, all or nothing, with a digest that finds damage."""
    body = {
        "key": key,
        "history": dict(record.history),
        "results": {part: dict(logs) for part, logs in record.results.items()},
        "epochs": record.epochs,
        "diverged": record.diverged,
        "seconds": record.seconds,
    }
    text = json.dumps(plain(body), allow_nan=False)
    digested = hashlib.sha256(text.encode()).hexdigest()
    atomic_write(path, f'{{"sha256": "{digested}",\n"run": {text}}}\n'.encode())


def read(path: str | os.PathLike[str], key: Key) -> Record | None:
    """The record of a file; None if there is no such file, or another run's, or it is damaged."""
    try:
        data = json.loads(read_bytes(path, LIMIT))
        body = data["run"]
        text = json.dumps(body, allow_nan=False)
        if hashlib.sha256(text.encode()).hexdigest() != data["sha256"] or body["key"] != key:
            return None
        return Record(
            {name: [*map(float, values)] for name, values in body["history"].items()},
            {part: _numbers(logs) for part, logs in body["results"].items()},
            int(body["epochs"]), body["diverged"], float(body["seconds"]),
        )  # fmt: skip
    except (OSError, FileError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return None


def _numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """Numbers again, where JSON has the words nan and inf."""
    return {name: float(value) for name, value in logs.items()}
