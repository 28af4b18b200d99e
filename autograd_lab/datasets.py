"""Where data sets lie on this machine. Nothing is ever downloaded."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "AUTOGRAD_LAB_DATA"
FASHION_MNIST = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def folders() -> tuple[Path, ...]:
    """The folders that are searched, in order: the user's own, the system's, Keras's cache."""
    own = os.environ.get(VARIABLE)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() fails for a user without one
    return (
        *([Path(own)] if own else []),
        Path("/usr/share/datasets"),
        home / ".keras" / "datasets",
    )


def fashion_mnist() -> tuple[Path | None, tuple[str, ...]]:
    """The first folder that holds all four files of Fashion-MNIST, or the files it lacks.

    The files may be packed with gzip, and lie in a searched folder or in ``fashion-mnist`` there.
    Without a complete folder the answer is None with what the fullest one lacks.
    """
    lacking: tuple[str, ...] = FASHION_MNIST
    for place in folders():
        for folder in (place, place / "fashion-mnist"):
            missing = tuple(name for name in FASHION_MNIST if not _is_there(folder / name))
            if not missing:
                return folder, ()
            lacking = min(lacking, missing, key=len)
    return None, lacking


def _is_there(file: Path) -> bool:
    try:
        return file.is_file() or file.with_name(file.name + ".gz").is_file()
    except OSError:  # a folder that may not be read holds nothing for us
        return False
