"""What ``compile`` was given: optimizer, losses and metrics, in the order of the outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lab import losses, metrics, optimizers
from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.graph import Node, Value
from autograd_lab.symbolic import leaves


class Compiled:
    """Losses and metrics resolved for the outputs of a model, and running totals of both."""

    def __init__(
        self,
        optimizer: Any,
        loss: Any,
        loss_weights: Any,
        metrics: Any,
        weighted_metrics: Any,
        names: Sequence[str],
    ) -> None:
        self.optimizer = optimizers.get(optimizer)
        self.names = list(names) or _told_by(loss)
        self.losses = [_loss(item) for item in self._per_output("loss", loss)]
        given = self._per_output("loss_weights", loss_weights)
        for weight in given:
            if isinstance(weight, (str, list, tuple)):
                raise UsageError(
                    f"compile(loss_weights={loss_weights!r}): the third argument weighs the losses "
                    "of several outputs; write metrics=[...] for what is to be measured"
                )
        pairs = zip(given, self.losses, strict=True)
        self.weights = [1.0 if w is None else float(w) for w, loss in pairs if loss is not None]
        self.asked = (
            self._per_output("metrics", metrics),
            self._per_output("weighted_metrics", weighted_metrics),
        )
        self.metrics: list[list[Any]] | None = None
        self.weighted: list[list[Any]] = []
        self.reset()

    def _per_output(self, what: str, given: Any) -> list[Any]:
        """One entry for each output, from a single one, a list or a dictionary by output name."""
        count = len(self.names)
        if isinstance(given, Mapping):
            for name in given:
                if name not in self.names:
                    raise UsageError(
                        f"{what}: the model has no output {name!r}; "
                        f"{did_you_mean(str(name), self.names)}outputs: {', '.join(self.names)}"
                    )
            return [given.get(name) for name in self.names]
        if count == 1:
            single = what in ("loss", "loss_weights")
            if isinstance(given, (list, tuple)) and single:
                if len(given) != 1:
                    raise UsageError(f"{what}: {len(given)} were given for a model of one output")
                return [given[0]]
            return [given]
        if given is None or (what == "loss" and not isinstance(given, (list, tuple))):
            return [given] * count
        if not isinstance(given, (list, tuple)):
            raise UsageError(
                f"{what}={given!r}: the model has {count} outputs; give a list with an entry for "
                f"each, or a dictionary by name: {', '.join(self.names)}"
            )
        if len(given) != count:
            raise UsageError(f"{what}: {len(given)} were given for a model of {count} outputs")
        return list(given)

    # --- losses -----------------------------------------------------------------------------------

    @property
    def used(self) -> list[str]:
        """The outputs that have a loss."""
        return [n for n, loss in zip(self.names, self.losses, strict=True) if loss is not None]

    def losses_of(
        self, targets: Sequence[Any], predictions: Sequence[Any], weights: Sequence[Any]
    ) -> list[Node]:
        """The loss of each output that has one, as graphs."""
        if not self.used:
            raise UsageError("the model was compiled without a loss; give compile(loss=...)")
        rows = zip(self.losses, targets, predictions, weights, strict=True)
        return [loss(y, p, sample_weight=w) for loss, y, p, w in rows if loss is not None]

    def check_targets(self, targets: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Refuse targets that do not fit their loss, before any weight changes.

        predictions: those for one example.
        """
        if len(predictions) != len(self.names):
            raise UsageError(
                f"the model gives {len(predictions)} outputs, but compile was told of "
                f"{len(self.names)}; give compile(loss=[...]) a loss for each"
            )
        rows = zip(self.names, self.losses, *self.asked, targets, predictions, strict=True)
        for name, loss, plain, weighted, y, p in rows:
            if y is None and (loss is not None or plain or weighted):
                raise UsageError(f"there are no targets for the output {name!r}: give y")
            if loss is not None:
                losses.check_targets(loss, y, p.shape)

    def try_metrics(self, targets: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Let every metric count one example, and forget what came out."""
        self.resolve(targets, predictions)
        assert self.metrics is not None
        for made, weighted, y, p in zip(
            self.metrics, self.weighted, targets, predictions, strict=True
        ):
            for metric in (*made, *weighted):
                if type(metric).update_state is metrics.Metric.update_state:
                    metric.tally(y, p)

    # --- running totals ---------------------------------------------------------------------------

    def reset(self) -> None:
        """Start the totals of an epoch anew."""
        self.totals = np.zeros(1 + len(self.names))
        self.seen = 0
        for metric in self.all_metrics:
            metric.reset_state()

    @property
    def all_metrics(self) -> list[Any]:
        """Every metric, in the order of its column."""
        rows = zip(self.metrics or [], self.weighted, strict=False)
        return [metric for plain, weighted in rows for metric in (*plain, *weighted)]

    def resolve(self, targets: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Make the metrics once the first targets and predictions are seen."""
        if self.metrics is None:
            pairs = list(zip(self.asked[0], self.asked[1], targets, predictions, strict=True))
            self.metrics = [_metrics(asked, y, p) for asked, _, y, p in pairs]
            self.weighted = [_metrics(asked, y, p) for _, asked, y, p in pairs]
            self._name_apart()

    def _name_apart(self) -> None:
        assert self.metrics is not None
        for made, weighted in zip(self.metrics, self.weighted, strict=True):
            names = {metric.name for metric in made}
            for metric in weighted:
                if metric.name in names:
                    metric.name = f"weighted_{metric.name}"
            seen: dict[str, int] = {}
            for metric in (*made, *weighted):
                count = seen.get(metric.name, 0)
                seen[metric.name] = count + 1
                if count:
                    metric.name = f"{metric.name}_{count}"

    def update(
        self,
        losses: Sequence[Value],
        targets: Sequence[Any],
        predictions: Sequence[Any],
        weights: Sequence[Any],
    ) -> None:
        """Count one batch: its losses by its size, its examples in every metric."""
        size = len(predictions[0])
        for i, value in enumerate(losses):
            self.totals[i] += float(value) * size
        self.seen += size
        self.resolve(targets, predictions)
        assert self.metrics is not None
        rows = zip(self.metrics, self.weighted, targets, predictions, weights, strict=True)
        for made, weighted, y, p, w in rows:
            for metric in made:
                metric.update_state(y, p)
            for metric in weighted:
                metric.update_state(y, p, w)

    def logs(self) -> dict[str, float]:
        """The means so far: the loss, those of several outputs, and every metric."""
        several = len(self.names) > 1
        means = self.totals / max(self.seen, 1)
        logs = {"loss": float(means[0])}
        if several:
            logs.update({f"{name}_loss": float(means[1 + i]) for i, name in enumerate(self.used)})
        for i, name in enumerate(self.names):
            for metric in (*(self.metrics or [[]] * len(self.names))[i],
                           *(self.weighted or [[]] * len(self.names))[i]):  # fmt: skip
                key = f"{name}_{metric.name}" if several else metric.name
                logs[key] = _number(metric.result())
        return logs

    def state(self) -> dict[str, Any]:
        """The totals as numbers that JSON can hold."""
        return {
            "totals": self.totals.tolist(),
            "seen": self.seen,
            "metrics": [metric.state() for metric in self.all_metrics],
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from totals that ``state`` gave."""
        self.totals = np.array(state["totals"])
        self.seen = int(state["seen"])
        for metric, saved in zip(self.all_metrics, state["metrics"], strict=True):
            metric.set_state(saved)


def _number(result: Any) -> Any:
    """A float, or a list where a metric gives one number for each class or threshold."""
    return float(result) if np.ndim(result) == 0 else np.asarray(result).tolist()


def _loss(item: Any) -> Any:
    """A loss that takes (y, prediction, sample_weight) and gives one number, or None."""
    return None if item is None else losses.as_loss(item)


def _told_by(loss: Any) -> list[str]:
    """Names for the outputs of a model that does not tell them, from what they are measured by."""
    if isinstance(loss, Mapping):
        return [str(name) for name in loss]
    several = isinstance(loss, (list, tuple)) and len(loss) > 1
    return [f"output_{i + 1}" for i in range(len(loss))] if several else ["output"]


def _metrics(asked: Any, y: Any, p: Any) -> list[Any]:
    items = leaves(asked)  # a list of a list is that list, as with several outputs
    return [metrics.resolve(item, np.asarray(y), np.asarray(p)) for item in items]
