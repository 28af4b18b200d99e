"""One experiment in words and numbers: what is trained on what, and how.

Every setting is declared once, with its default, its bounds and its line of help.  The command
line's options, the words of a comparison and the checks are made from these declarations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.experiments.options import option, options_of
from autograd_lab.notation import short

MAX_SEED = 2**32 - 1
# word -> (the class that Keras knows, its settings): three words of the lecture are one class
OPTIMIZERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "adamax": ("Adamax", {}),
    "nadam": ("Nadam", {}),
    "adadelta": ("Adadelta", {}),
}
RATE = "rate of learning; the optimizer's own default if not given"
HIDDEN = "sizes of hidden layers (64-32) or of the whole net (784-128-10); 3x100 is three of 100"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that decides how a training runs and ends, apart from the machine.

    ``data`` is what ``datasets.read`` takes.  None stands for what the help says.

    Errors: UsageError that names the setting and what is wanted.

    >>> Settings(data="moons", dropout=0.3).changed()
    {'dropout': 0.3}
    >>> Settings(data="moons", dropout=1.5)
    Traceback (most recent call last):
    autograd_lab.errors.UsageError: dropout=1.5: give a number at least 0, below 1
    """

    data: str
    target: str | None = option(None, str, "column of a table to predict; the last one", "COLUMN")
    task: str | None = option(None, str, "what the targets of a file are",
                              choices=("classification", "regression"))  # fmt: skip
    layers: str | None = option(None, str, HIDDEN + " (32)", "SIZES")
    act: str | None = option(None, str, "activation of the hidden layers (relu)", "NAME")
    init: str | None = option(None, str, "initializer of all kernels (glorot_uniform)", "NAME")
    optimizer: str = option(
        "adam", str, f"one of {', '.join(OPTIMIZERS)}", "NAME", choices=tuple(OPTIMIZERS)
    )
    lr: float | None = option(None, float, RATE, "NUMBER", above=0)
    momentum: float | None = option(None, float, "of sgd, momentum, nesterov or rmsprop",
                                    "NUMBER", least=0, below=1)  # fmt: skip
    nesterov: bool = option(False, bool, "Nesterov's form of the momentum of sgd")
    dropout: float = option(0.0, float, "share of each hidden layer dropped", "RATE",
                            least=0, below=1)  # fmt: skip
    l1: float = option(0.0, float, "penalty l1 Σ|w| of all kernels", "NUMBER", least=0)
    l2: float = option(0.0, float, "penalty l2 Σw² of all kernels", "NUMBER", least=0)
    max_norm: float | None = option(None, float, "longest vector of weights into one neuron",
                                    "NUMBER", above=0)  # fmt: skip
    batchnorm: str = option("none", str, "batch normalization of hidden layers, before or after "
                            "the activation", choices=("none", "before", "after"))  # fmt: skip
    clipnorm: float | None = option(None, float, "longest gradient of each weight array", "NUMBER",
                                    above=0)  # fmt: skip
    clipvalue: float | None = option(None, float, "largest entry of a gradient", "NUMBER", above=0)
    global_clipnorm: float | None = option(None, float, "longest gradient of all weights together",
                                           "NUMBER", above=0)  # fmt: skip
    augment: bool = option(False, bool, "shift, turn and zoom images a little in training")
    early_stopping: int | None = option(None, int, "stop after so many epochs without a lower "
                                        "val_loss, keep the best", "EPOCHS", least=0)  # fmt: skip
    epochs: int = option(20, int, "times through the data", "NUMBER", least=1, most=1_000_000)
    batch: int = option(32, int, "examples per step", "NUMBER", least=1, most=1_000_000_000)
    validation_split: float = option(0.2, float, "share kept for validation", "FRACTION",
                                     least=0, below=1)  # fmt: skip
    test_split: float = option(0.0, float, "share kept for testing, if the data have no such part",
                               "FRACTION", least=0, below=1)  # fmt: skip
    preprocessing: str = option("auto", str, "auto: pixels divided by 255, other features "
                                "standardized", choices=("auto", "none"))  # fmt: skip
    seed: int = option(0, int, "decides split, first weights, order, dropout, augmentation",
                       "NUMBER", least=0, most=MAX_SEED)  # fmt: skip

    def __post_init__(self) -> None:
        if not isinstance(self.data, str) or not self.data:
            raise UsageError(f"data={self.data!r}: name a data set or a file")
        for name, one in OPTIONS.items():
            value = getattr(self, name)
            if not one.fits(value):
                hint = did_you_mean(str(value), one.choices).strip()
                raise UsageError(f"{name}={value!r}: give {one.wanted}{hint and f' ({hint})'}")
            if one.kind is float and value is not None:
                object.__setattr__(self, name, float(value))  # 1 and 1.0 are one experiment
        self._check_together()

    def _check_together(self) -> None:
        clips = [n for n in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, n)]
        if len(clips) > 1:
            raise UsageError(f"{' and '.join(map(dashed, clips))}: clip in one way only")
        if self.early_stopping is not None and not self.validation_split:
            raise UsageError("--early-stopping needs a validation part: --validation-split above 0")
        name = OPTIMIZERS[self.optimizer][0]
        if self.momentum is not None and name not in ("SGD", "RMSprop"):
            raise UsageError(
                f"--momentum: {self.optimizer} has none to set; sgd, momentum, nesterov and "
                "rmsprop have"
            )
        if self.nesterov and name != "SGD":
            raise UsageError(f"--nesterov is a form of sgd, not of {self.optimizer}")
        given = self.optimizer_settings()
        if given.get("nesterov") and not given.get("momentum"):
            raise UsageError("--nesterov changes nothing without momentum: add --momentum 0.9")

    def optimizer_settings(self) -> dict[str, Any]:
        """What the optimizer's class is given, the rate apart."""
        found = dict(OPTIMIZERS[self.optimizer][1])
        if self.momentum is not None:
            found["momentum"] = self.momentum
        if self.nesterov:
            found["nesterov"] = True
        for name in ("clipnorm", "clipvalue", "global_clipnorm"):
            if getattr(self, name) is not None:
                found[name] = getattr(self, name)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Every setting by name, as JSON can hold it."""
        return asdict(self)

    def changed(self) -> dict[str, Any]:
        """The settings that are not the default ones, the data apart."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name in OPTIONS and getattr(self, field.name) != field.default
        }


OPTIONS = options_of(Settings)


def find_option(word: str) -> str:
    """The name of the setting that a word stands for, dashes or not; UsageError for none.

    >>> find_option("max-norm")
    'max_norm'
    """
    name = word.strip().replace("-", "_")
    if name in OPTIONS:
        return name
    names = [known.replace("_", "-") for known in OPTIONS]
    raise UsageError(
        f"{word[:32]!r} is no option of train; {did_you_mean(word, names)}known: {', '.join(names)}"
    )


def dashed(name: str) -> str:
    """A setting as an option of the command.

    >>> dashed("max_norm")
    '--max-norm'
    """
    return f"--{name.replace('_', '-')}"


def worded(value: Any) -> str:
    """A value as it is written in a command.

    >>> worded(0.001), worded(True), worded(None), worded("64-32")
    ('0.001', 'yes', 'none', '64-32')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return short(float(value)) if isinstance(value, (int, float)) else str(value)
