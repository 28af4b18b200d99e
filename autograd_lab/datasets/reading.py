"""One door to all data: a name with options, or a file of the user's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from autograd_lab.datasets import bundled, fashion_mnist, generators, mnist
from autograd_lab.datasets.arrays import data_set
from autograd_lab.datasets.checks import quoted
from autograd_lab.datasets.csv_file import read_csv
from autograd_lab.datasets.dataset import DataSet
from autograd_lab.datasets.idx import Pairs, read_folder
from autograd_lab.datasets.names import BUNDLED, GENERATED, NAMES, TABLES
from autograd_lab.datasets.npz_file import read_arrays
from autograd_lab.datasets.options import options_of
from autograd_lab.datasets.targets import TASKS, Task
from autograd_lab.errors import UsageError, did_you_mean


def read(
    source: str | os.PathLike[str], *, target: str | int | None = None, task: Task | None = None
) -> DataSet:
    """The data set of a name, such as "iris" or "moons:n=500,noise=0.1", or of a file.

    Files: a table of numbers (.csv, .tsv, .txt, .data) with the column ``target`` (the last one),
    an archive .npz with x and y or x_train, y_train, x_test, y_test, or a folder with the four
    files of MNIST's form.  ``task`` decides whether the targets are classes ("classification") or
    numbers ("regression"); without it text and few whole numbers are classes.  Only a file's
    target and task can be chosen.

    Errors: UsageError for unknown names and unusable files; MissingToolError for data sets that
    are not on this machine.

    >>> data = read("xor:n=40")
    >>> data.x.shape, data.class_names, data.task
    ((40, 2), ('0', '1'), 'classification')
    >>> read("moon")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: 'moon' is no data set; did you mean moons?  known: moons, ...
    """
    if not isinstance(source, (str, os.PathLike)) or not os.fspath(source):
        raise UsageError(f"read({quoted(source)}): give a name or a file.")
    if task is not None and task not in TASKS:
        raise UsageError(f"read(task={quoted(task)}): choose {' or '.join(TASKS)}.")
    text = os.fspath(source)
    name, colon, options = text.partition(":")
    if isinstance(source, str) and name in NAMES:
        if target is not None or task is not None:
            raise UsageError(f"{name}: target and task can be chosen for files only.")
        return _named(name, options if colon else "")
    return _file(text, target, task)


def _named(name: str, options: str) -> DataSet:
    if name in GENERATED:
        function = getattr(generators, name)
        x, y = function(**options_of(function, options))
        names = tuple(str(k) for k in range(y.max() + 1))
        return DataSet(name, x, y, class_names=names, feature_names=("x1", "x2"))
    if options:
        raise UsageError(f"{name} has no options; only {', '.join(GENERATED)} have.")
    if name in BUNDLED:
        found: DataSet = getattr(bundled, name).load()
        return found
    module: Any = {"fashion_mnist": fashion_mnist, "mnist": mnist}[name]
    return _images(name, module.load_data(), module.CLASS_NAMES)


def _images(name: str, pairs: Pairs, class_names: tuple[str, ...]) -> DataSet:
    (x, y), (x_test, y_test) = pairs
    return DataSet(name, x, y.astype("int64"), x_test, y_test.astype("int64"), class_names)


def _file(text: str, target: str | int | None, task: Task | None) -> DataSet:
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser fails without a home
    ending = path.suffix.lower()
    if ending in TABLES:
        return read_csv(path, target, task)
    if target is not None:
        raise UsageError(f"target={quoted(target)}: only tables such as .csv have columns.")
    if ending == ".npz":
        return data_set(path.stem, *read_arrays(path), task)
    if _is_folder(path):
        (x, y), (x_test, y_test) = read_folder(path)
        return data_set(path.name or "data", x, y, x_test, y_test, task)
    files = f"a file with one of the endings {', '.join(TABLES)}, .npz, or a folder of IDX files"
    if ending or len(path.parts) > 1:
        raise UsageError(f"{quoted(text, 200)} is no data set; wanted is {files}.")
    raise UsageError(
        f"{quoted(text)} is no data set; {did_you_mean(text, NAMES)}known: {', '.join(NAMES)}, "
        f"or {files}"
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that no file can have
        return False
