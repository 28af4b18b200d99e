"""Every question about the paths of one example, answered by a few walks over its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lab.errors import UsageError
from autograd_lab.graph import Node
from autograd_lab.pathways.endpoints import Ends, of_graph, of_model
from autograd_lab.pathways.network import Network, RankedPath
from autograd_lab.pathways.ranking import Ranking
from autograd_lab.pathways.report import LeafPaths, PathReport
from autograd_lab.pathways.scaled_array import ScaledArray
from autograd_lab.pathways.semirings import (
    Count,
    Entropy,
    Open,
    Strongest,
    Sum,
    backward,
    surprise,
)
from autograd_lab.scaled import Scaled


def explain_paths(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    output: str = "logit",
    unit: int | None = None,
    wrt: Any = None,
    k: int = 10,
    example: int = 0,
) -> PathReport:
    """All paths from one output of a model to its inputs or weights, for one example.

    The nodes are neurons: inputs, what a layer adds up, what it puts out.  An edge is worth the
    local derivative, W[i,j] of an affine layer and φ′(z) of an activation, and a path the product
    of its edges.  Batch normalization is called outside training, where it is one factor.

    ``output``: "logit", the number before a last softmax or sigmoid, or the output itself where
    there is none; "probability", behind it; "loss" of the compiled model, which needs ``y``.
    ``unit`` is the number of the neuron, by default the largest.  ``wrt``: "inputs", "weights", a
    layer's or a weight's name, a Variable, or a list of such.  ``k``: how many of the strongest and
    of the weakest paths to find.  ``example`` is a row of x.

    A node of a recorded graph in the place of the model: paths from it to the nodes ``wrt``, by
    default to all leaves with names; every operation on numbers is then an edge.

    Errors: UsageError for names and numbers that do not fit; GradientError for an operation whose
    edges are not known, and for a local derivative that is not finite.

    Du, Torroba Hennigen, Stoehr, Warstadt & Cotterell, ACL 2023, section 3; Goodman 1999.

    >>> from autograd_lab.graph import leaf
    >>> a, b = leaf(2.0, "a"), leaf(1.0, "b")
    >>> report = explain_paths((a + b) * (b + 1.0), wrt=[b])
    >>> float(report.total), report.count, [float(path.value) for path in report.strongest]
    (5.0, 2, [3.0, 2.0])
    """
    _check_count(k)
    if isinstance(model, Node):
        if x is not None or y is not None:
            raise UsageError("explain_paths: a graph has its values already; give no x and no y")
        return report_of(of_graph(model, wrt, unit), k)
    if x is None:
        raise UsageError("explain_paths: give x, an array with the example among its rows")
    asked = "inputs" if wrt is None else wrt
    return report_of(of_model(model, x, y, output, unit, asked, example), k)


def report_of(ends: Ends, k: int) -> PathReport:
    """The answers for a network."""
    network = ends.network
    strongest, weakest = ranked(network, k)
    found = leaf_paths(network)
    gradients, sizes = (
        [getattr(one, part).sum() for one in found.values()] for part in ("gradient", "absolute")
    )
    return PathReport(
        title=f"paths from {ends.begin} to {ends.end}",
        begin=ends.begin,
        end=ends.end,
        total=sum(gradients, Scaled.of(0.0)),
        absolute=sum(sizes, Scaled.of(0.0)),
        count=sum(int(one.count.sum()) for one in found.values()),
        open=sum(int(one.open.sum()) for one in found.values()),
        entropy=entropy_of(list(found.values())),
        strongest=strongest,
        weakest=weakest,
        leaves=found,
        network=network,
        notes=ends.about,
    )


def ranked(network: Network, k: int) -> tuple[tuple[RankedPath, ...], tuple[RankedPath, ...]]:
    """The k strongest and the k weakest open paths."""
    if not k:
        return (), ()
    strongest, weakest = Ranking(network), Ranking(network, weakest=True)
    return tuple(strongest.best(k)), tuple(weakest.best(k))


def leaf_paths(network: Network) -> dict[str, LeafPaths]:
    """What the paths to each leaf add up to, by its name."""
    total, pair = backward(network, Sum()), backward(network, Entropy())
    count, open_ = backward(network, Count()), backward(network, Open())
    strongest = backward(network, Strongest())
    found = {}
    for leaf in network.leaves:
        if leaf not in total:
            continue
        neurons = network.layers[leaf]
        parts = (total[leaf], pair[leaf][0], count[leaf], open_[leaf], strongest[leaf],
                 pair[leaf][1])  # fmt: skip
        found[neurons.name] = LeafPaths(neurons.name, *[_shaped(p, neurons.shape) for p in parts])
    return found


def _shaped(held: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(held, ScaledArray):
        return ScaledArray(held.mantissa.reshape(shape), held.exponent.reshape(shape))
    return held.reshape(shape)


def entropy_of(leaves: Sequence[LeafPaths]) -> float:
    """The entropy over the paths to all entries of all leaves, by the chain rule of entropies."""
    if not leaves:
        return 0.0
    sizes = ScaledArray(
        np.concatenate([one.absolute.mantissa.ravel() for one in leaves]),
        np.concatenate([one.absolute.exponent.ravel() for one in leaves]),
    )
    whole = sizes.sum()
    shares = sizes.over(ScaledArray(np.array(whole.mantissa), np.array(whole.exponent)))
    within = np.concatenate([one.entropy.ravel() for one in leaves])
    return float(np.sum(shares * within + surprise(shares)))


def _check_count(k: Any) -> None:
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
        raise UsageError(f"explain_paths(k={k!r}): k must be a whole number, 0 or more")
