"""Where data sets lie on this machine. Nothing is ever downloaded."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "AUTOGRAD_LAB_DATA"
IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
FASHION_MNIST = IDX_FILES  # Fashion-MNIST kept the names of MNIST's files


def folders() -> tuple[Path, ...]:
    """The folders that are searched, in order: the user's own, the system's, Keras's cache."""
    own = os.environ.get(VARIABLE)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() fails for a user without one
    return (
        *([Path(own)] if own else []),
        Path("/usr/share/datasets"),
        home / ".keras" / "datasets",
    )


def fashion_mnist(places: Iterable[Path] | None = None) -> tuple[Path | None, tuple[str, ...]]:
    """The first folder that holds all four files of Fashion-MNIST, or the files it lacks.

    The files may be packed with gzip, and lie in a searched folder or in ``fashion-mnist`` there.
    Without a complete folder the answer is None with what the fullest one lacks.
    """
    lacking: tuple[str, ...] = FASHION_MNIST
    for place in folders() if places is None else places:
        for folder in (place, place / "fashion-mnist"):
            missing = missing_files(folder)
            if not missing:
                return folder, ()
            lacking = min(lacking, missing, key=len)
    return None, lacking


def missing_files(folder: Path) -> tuple[str, ...]:
    """Which of the four IDX files a folder lacks."""
    return tuple(name for name in IDX_FILES if idx_file(folder, name) is None)


def idx_file(folder: Path, name: str) -> Path | None:
    """The file of that name, as it is or packed with gzip."""
    for file in (folder / name, folder / f"{name}.gz"):
        try:
            if file.is_file():
                return file
        except OSError:  # a folder that may not be read holds nothing for us
            return None
    return None
