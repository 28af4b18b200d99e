"""Data sets that scikit-learn brings along as files: the only door to scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd_lab.datasets.dataset import DataSet, Pair
from autograd_lab.errors import MissingToolError


@dataclass(frozen=True)
class Bundled:
    """A data set in a file of scikit-learn's wheel; ``load_data`` reads it, nothing is fetched."""

    name: str
    title: str

    def load_data(
        self, test_split: float = 0.2, seed: int = 0, stratify: bool = True
    ) -> tuple[Pair, Pair]:
        """((x_train, y_train), (x_test, y_test)): x float64 (n, features), y int64 or float64 (n,).

        ``test_split`` is the share kept for testing; the seed says which, and ``stratify`` gives
        each class its share of both parts.

        Errors: MissingToolError without scikit-learn; UsageError for a share not between 0 and 1.

        >>> (x_train, y_train), (x_test, y_test) = iris.load_data()
        >>> x_train.shape, np.bincount(y_test).tolist()
        ((120, 4), [10, 10, 10])
        """
        return self.load().split(test_split, seed, stratify).pairs()

    def load(self) -> DataSet:
        """All examples in the order of the file, with names of features and classes.

        >>> print(iris.load())
        iris: 150 examples of 4 features; 3 classes: setosa, versicolor, virginica
        """
        try:
            from sklearn import datasets
        except ImportError:
            raise MissingToolError(
                f"The data set {self.name} comes with scikit-learn, which is not installed; "
                f'pip install "autograd-lab[data]"'
            ) from None
        found = getattr(datasets, f"load_{self.name}")()
        names = tuple(map(str, found.get("target_names", ())))
        y = np.asarray(found.target, dtype=np.int64 if names else np.float64)
        return DataSet(
            name=self.name,
            x=np.array(found.data, dtype=np.float64),
            y=y,
            class_names=names,
            feature_names=tuple(map(str, found.feature_names)),
            task="classification" if names else "regression",
        )


iris = Bundled("iris", "150 flowers, 4 lengths in cm, 3 species")
wine = Bundled("wine", "178 wines, 13 measurements, 3 growers")
breast_cancer = Bundled("breast_cancer", "569 tumours, 30 measurements, malignant or benign")
digits = Bundled("digits", "1797 images of 8 x 8 pixels from 0 to 16, 10 digits")
diabetes = Bundled("diabetes", "442 patients, 10 measurements, progress after a year (regression)")
