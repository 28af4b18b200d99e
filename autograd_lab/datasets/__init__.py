"""Data to learn from: made from a seed, bundled with scikit-learn, or read from files.

Nothing is ever downloaded.  The names below are looked up when they are first used, so that the
package costs nothing, neither NumPy nor scikit-learn, until data are wanted.

>>> from autograd_lab import datasets
>>> x, y = datasets.moons(200, noise=0.1, seed=1)
>>> x.shape, y.shape
((200, 2), (200,))
>>> print(datasets.read("circles:n=50,noise=0.05"))
circles: 50 examples of 2 features; 2 classes: 0, 1
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_lab.datasets import fashion_mnist, mnist
    from autograd_lab.datasets.bundled import breast_cancer, diabetes, digits, iris, wine
    from autograd_lab.datasets.dataset import DataSet
    from autograd_lab.datasets.generators import blobs, circles, moons, spirals, xor
    from autograd_lab.datasets.reading import read

# Name -> the module here that it lives in, or is.
_HOMES = {
    "DataSet": "dataset",
    "blobs": "generators",
    "breast_cancer": "bundled",
    "circles": "generators",
    "diabetes": "bundled",
    "digits": "bundled",
    "fashion_mnist": "fashion_mnist",
    "iris": "bundled",
    "mnist": "mnist",
    "moons": "generators",
    "read": "reading",
    "spirals": "generators",
    "wine": "bundled",
    "xor": "generators",
}

__all__ = [
    "DataSet",
    "blobs",
    "breast_cancer",
    "circles",
    "diabetes",
    "digits",
    "fashion_mnist",
    "iris",
    "mnist",
    "moons",
    "read",
    "spirals",
    "wine",
    "xor",
]


def _find(name: str) -> Any:
    """The object behind a public name; found once, then an ordinary attribute."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'autograd_lab.datasets' has no attribute {name!r}")
    home = import_module(f"autograd_lab.datasets.{_HOMES[name]}")
    found = home if _HOMES[name] == name else getattr(home, name)
    globals()[name] = found
    return found


if not TYPE_CHECKING:  # a type checker would take __getattr__ as leave to use any name
    __getattr__ = _find


def __dir__() -> list[str]:
    return __all__
