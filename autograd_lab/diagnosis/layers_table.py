"""What is measured at each dense layer of a net: one row for each, from the inputs upwards."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograd_lab.diagnosis.adjoints import Adjoint, adjoints, rms
from autograd_lab.diagnosis.mean_field import Stack, propagate
from autograd_lab.diagnosis.recorded import Pass
from autograd_lab.diagnosis.structure import Dense, Reader
from autograd_lab.graph import Node
from autograd_lab.scaled import Scaled

# The largest slope of the activations that are flat on both sides.
STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "softsign": 1.0, "hard_sigmoid": 1 / 6, "hard_tanh": 1.0}
# Below this share of the largest slope a unit counts as saturated: sigma'(z) < 0.01, |z| > 4.58.
FLAT = 0.04


@dataclass(frozen=True)
class LayerRow:
    """One dense layer: ``number`` 1 is nearest to the inputs.

    rms_slope, mean_slope   of act'(z), over batch and units
    delta       rms of dL/dz for one example, over batch and units
    factor      delta of this layer / delta of the next
    predicted   the same by rms act'(z) · √(units of the next) · std(W of the next), times the
                slopes of normalization and dropout between
    theory      the same by the infinite-width recursion; ``theory_z`` is its rms of z
    step        η‖∂L/∂W‖/‖W‖ with the loss averaged over the batch; ``gradient`` and ``kernel`` are
                the two norms
    dead        the share of units that give 0 for every example
    saturated   the share of |act'(z)| below 4 % of its maximum
    before, after   rms slopes of what stands between product and activation, and behind it
    follows     false where the next row is not all that this layer leads to

    None where it makes no sense.
    """

    number: int
    name: str
    shape: tuple[int, int]
    act: str
    rms_z: float
    rms_a: float
    rms_slope: float | None
    mean_slope: float | None
    delta: Scaled
    factor: float | None
    predicted: float | None
    theory: float | None
    theory_z: float | None
    gradient: Scaled
    step: Scaled
    dead: float | None
    saturated: float | None
    kernel: float
    before: float
    after: float
    follows: bool

    @property
    def flatness(self) -> float | None:
        """The mean slope as a share of the largest; None for what is not flat on both sides."""
        steepest = STEEPEST.get(self.act)
        return None if steepest is None or self.mean_slope is None else self.mean_slope / steepest


def measure(recorded: Pass, learning_rate: float) -> list[LayerRow]:
    """The rows of a pass, from the layer nearest to the inputs upwards."""
    with np.errstate(all="ignore"):  # inf and nan are findings here
        return _measured(recorded, learning_rate)


def _measured(recorded: Pass, learning_rate: float) -> list[LayerRow]:
    layers = Reader(recorded).layers()
    found = adjoints(recorded.loss, [layer.kernel for layer in layers])
    theory = _theory(layers)
    rows: list[LayerRow] = []
    deltas = [_delta(found, layer.z).rms(recorded.scale) for layer in layers]
    for i, layer in enumerate(layers):
        last = i == len(layers) - 1
        stage = theory[i] if theory else None
        follows = not last and layer.follower is layers[i + 1].product
        rows.append(
            LayerRow(
                number=i + 1, name=layer.name,
                shape=(int(layer.kernel.shape[0]), layer.units), act=layer.word,
                rms_z=rms(layer.z.value), rms_a=rms(layer.a.value),
                rms_slope=None if last or layer.slopes is None else rms(layer.slopes),
                mean_slope=None if last or layer.slopes is None else _mean(layer.slopes),
                delta=deltas[i],
                factor=None if last else float(deltas[i] / deltas[i + 1]),
                predicted=_predicted(layer, layers[i + 1]) if follows else None,
                theory=stage.factor if stage else None,
                theory_z=stage.rms_z if stage else None,
                gradient=_delta(found, layer.kernel).norm(),
                step=_step(_delta(found, layer.kernel), layer.kernel, learning_rate),
                dead=None if last or layer.slopes is None else _dead(layer),
                saturated=None if last else _saturated(layer),
                kernel=rms(layer.kernel.value) * math.sqrt(layer.kernel.size),
                before=layer.gain_before, after=layer.gain_after, follows=follows,
            )
        )  # fmt: skip
    return rows


def _delta(found: dict[Node, Adjoint], node: Node) -> Adjoint:
    """The adjoint; a node that the loss does not depend on has zeros."""
    return found[node] if node in found else Adjoint(np.zeros(node.shape))


def _mean(slopes: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.mean(np.abs(slopes), dtype=np.float64))


def _predicted(layer: Dense, above: Dense) -> float:
    """The lecture's w·act'(z) for a whole layer: rms act'(z) · √units · std(W)."""
    spread = float(np.std(above.kernel.value, dtype=np.float64))
    return rms(layer.through) * math.sqrt(above.units) * spread * above.gain_before


def _step(gradient: Adjoint, kernel: Node, learning_rate: float) -> Scaled:
    size = rms(kernel.value)
    ratio = gradient.rms(learning_rate)
    return ratio / Scaled.of(size)


def _dead(layer: Dense) -> float:
    """The share of units whose output is 0 for every example."""
    a = np.asarray(layer.a.value)
    return float(np.mean(np.all(a == 0.0, axis=tuple(range(a.ndim - 1)))))


def _saturated(layer: Dense) -> float | None:
    steepest = STEEPEST.get(layer.word)
    if steepest is None or layer.slopes is None:
        return None
    return float(np.mean(np.abs(layer.slopes) < FLAT * steepest))


def _theory(layers: Sequence[Dense]) -> list[Stack] | None:
    """The infinite-width recursion with the net's own widths and variances.

    None for nets with normalization, dropout or branches, which it does not cover.
    """
    plain = all(
        layer.follower is above.product
        and not layer.normalized
        and all(part.kind in ("activation", "moving") for part in layer.parts)
        for layer, above in itertools.pairwise(layers)
    )
    return propagate(layers) if plain and layers else None
