"""MNIST: 70,000 grey images of 28 x 28 pixels, handwritten digits, from a copy of the user's own.

LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from autograd_lab.datasets import places
from autograd_lab.datasets.checks import quoted
from autograd_lab.datasets.idx import Pairs, checked_images, read_folder
from autograd_lab.datasets.npz_file import read_arrays
from autograd_lab.errors import MissingToolError, UsageError

CLASS_NAMES = tuple("0123456789")


def load_data(path: str | os.PathLike[str] | None = None) -> Pairs:
    """((x_train, y_train), (x_test, y_test)): x (60000, 28, 28) and (10000, 28, 28), y, all uint8.

    ``path`` is a folder with the four IDX files, or Keras's ``mnist.npz``.  Without it, a file
    ``mnist.npz`` and a folder ``mnist`` are looked for in the folder named by the variable
    AUTOGRAD_LAB_DATA, in /usr/share/datasets and in Keras's cache.  Nothing is fetched.

    Errors: MissingToolError where nothing is found; UsageError for files that hold something else.
    """
    found = _found() if path is None else Path(path)
    pairs = read_folder(found) if found.is_dir() else _read_npz(found)
    return checked_images("MNIST", found, pairs)


def _found() -> Path:
    for place in places.folders():
        file, folder = place / "mnist.npz", place / "mnist"
        try:
            if file.is_file():
                return file
        except OSError:  # a folder that may not be read holds nothing for us
            continue
        if not places.missing_files(folder):
            return folder
    raise MissingToolError(
        f"MNIST is not on this machine, and nothing is downloaded by itself.\n"
        f"Put your copy (mnist.npz, or a folder mnist with {', '.join(places.IDX_FILES)}) into a "
        f"folder and name that in the variable {places.VARIABLE}, or pass its path\n"
        f"searched: {', '.join(map(str, places.folders()))}\n"
        f"alternatives: fashion_mnist of the same form, or digits of 8 x 8 pixels"
    )


def _read_npz(path: Path) -> Pairs:
    x, y, x_test, y_test = read_arrays(path)
    if x_test is None or y_test is None:
        raise UsageError(
            f"{quoted(str(path), 200)} has no x_test and y_test, so it is not Keras's mnist.npz."
        )
    for images, labels in ((x, y), (x_test, y_test)):
        is_bytes = images.dtype == labels.dtype == np.uint8
        if not is_bytes or (images.ndim, labels.ndim) != (3, 1) or len(images) != len(labels):
            raise UsageError(
                f"{quoted(str(path), 200)} holds {images.dtype} {images.shape} with {labels.dtype} "
                f"{labels.shape}; MNIST is uint8 (n, 28, 28) with uint8 (n,)."
            )
    return (x, y), (x_test, y_test)
