"""Fashion-MNIST: 70,000 grey images of 28 x 28 pixels, ten kinds of clothing, from this machine.

Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", 2017.
"""

from __future__ import annotations

import os
from pathlib import Path

from autograd_lab.datasets import places
from autograd_lab.datasets.checks import quoted
from autograd_lab.datasets.idx import Pairs, checked_images, read_folder
from autograd_lab.errors import MissingToolError, UsageError

CLASS_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
)  # fmt: skip


def load_data(path: str | os.PathLike[str] | None = None) -> Pairs:
    """((x_train, y_train), (x_test, y_test)): x (60000, 28, 28) and (10000, 28, 28), y, all uint8.

    The four files are looked for in the folder ``path``; without it in the folder named by the
    variable AUTOGRAD_LAB_DATA, in /usr/share/datasets and in Keras's cache.  Nothing is fetched.

    Errors: MissingToolError where the files are not found, with the way to get them; UsageError
    for a ``path`` without them, and for damaged files.
    """
    folder, missing = places.fashion_mnist(None if path is None else [Path(path)])
    if folder is not None:
        return checked_images("Fashion-MNIST", folder, read_folder(folder))
    if path is not None:
        raise UsageError(
            f"fashion_mnist.load_data({quoted(str(path), 200)}): the folder has no "
            f"{', '.join(missing)} (nor with .gz); put the four files there."
        )
    raise MissingToolError(
        f"Fashion-MNIST is not on this machine, and nothing is downloaded by itself.\n"
        f"Debian and Ubuntu: sudo apt install dataset-fashion-mnist\n"
        f"elsewhere: put {', '.join(places.IDX_FILES)} (plain or .gz) into a folder and name it in "
        f"the variable {places.VARIABLE}, or pass it as path\n"
        f"searched: {', '.join(map(str, places.folders()))}"
    )
