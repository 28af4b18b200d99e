"""A network as one box for each layer, with the gradient that arrives there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograd_lab.pathways.cells import Cells
from autograd_lab.pathways.links import Link
from autograd_lab.pathways.local import SCALE
from autograd_lab.pathways.report import PathReport
from autograd_lab.pathways.scaled_array import ScaledArray
from autograd_lab.pathways.sketch import size_text
from autograd_lab.pictures import Arrow, Box, Diagram, Label
from autograd_lab.pictures.diagram import Kind
from autograd_lab.scaled import Scaled

SHORTEST_RUN = 3  # layers that collapse into one box


@dataclass(frozen=True)
class LayerBox:
    """A layer: how many numbers go in and out, its activation, the layers that feed it.

    ``gradient`` is the root mean square of ∂output/∂z over its neurons.
    """

    name: str
    size: int
    act: str
    feeds: tuple[str, ...]
    enter: tuple[int, ...]
    gradient: Scaled
    kind: Kind


def layer_boxes(report: PathReport, collapse: bool = False) -> Diagram:
    """One box per layer on the way to the leaves, with rms |∂output/∂z| over its neurons.

    An arrow carries the factor by which that changes from the upper layer to the lower one.
    Inputs have a box where several layers use them.  ``collapse``: layers in a row of one size and
    one activation are one box, three of them or more.

    >>> from autograd_lab.layers import Dense
    >>> from autograd_lab.models import Sequential
    >>> from autograd_lab.pathways import explain_paths
    >>> net = Sequential([Dense(3, "tanh", input_shape=(2,)), *[Dense(3) for _ in range(4)]])
    >>> report = explain_paths(net, [[1.0, 2.0]])
    >>> len(layer_boxes(report).boxes), len(layer_boxes(report, collapse=True).boxes)
    (5, 2)
    """
    found = _layers(Cells(report.network))
    groups = _runs(found) if collapse else [[one] for one in found]
    home = {one.name: number for number, group in enumerate(groups) for one in group}
    arrows = []
    for number, group in enumerate(groups):
        for below in group[0].feeds:
            if below in home:
                factor = groups[home[below]][-1].gradient / group[0].gradient
                text = f"×{size_text(factor)}" if factor.is_finite else ""
                arrows.append(Arrow(str(home[below]), str(number), Label.text(text)))
    layers = sum(one.kind != "input" for one in found)
    low, high = found[0], found[-1]
    claim = (
        f"rms gradient {size_text(high.gradient)} at {high.name}, {size_text(low.gradient)} at "
        f"{low.name}."
    )
    return Diagram(
        title=f"{layers} layer{'s' * (layers != 1)}, {report.begin}",
        description=claim,
        caption=f"{claim} An arrow tells by how much it changes from the upper to the lower layer.",
        boxes=tuple(_box(group, str(number)) for number, group in enumerate(groups)),
        arrows=tuple(arrows),
        scale_label=Label.text("log₁₀ of the rms gradient over the neurons of a layer"),
    )


# --- which layers ---------------------------------------------------------------------------------


def _layers(cells: Cells) -> list[LayerBox]:
    """The layers from below; leaves only if they feed several."""
    network = cells.network
    by_name: dict[str, list[int]] = {}
    for layer in cells.layers:
        if layer in cells.sizes:
            by_name.setdefault(network.layers[layer].name, []).append(layer)
    names = {layer: network.layers[layer].name for layer in range(len(network.layers))}
    feeds: dict[str, dict[str, None]] = {name: {} for name in by_name}
    acts: dict[str, dict[str, None]] = {name: {} for name in by_name}
    for link in network.links:
        low, high = names[link.source], names[link.target]
        if low in by_name and high in by_name and low != high:
            feeds[high][low] = None
        elif low == high and high in acts and (act := _act(link)):
            acts[high][act] = None
    used = [name for below in feeds.values() for name in below]
    leaves = {names[leaf] for leaf in network.leaves}
    return [
        LayerBox(
            name=name,
            size=network.layers[parts[0]].size,
            act=", ".join(acts[name]),
            feeds=tuple(feeds[name]),
            enter=tuple(
                network.layers[by_name[low][-1]].size
                for low in feeds[name]
                if low not in leaves or "/" not in low
            ),
            gradient=_rms(cells.gradients[parts[0]]),
            kind="output" if cells.top[0] in parts else "input" if name in leaves else "operation",
        )
        for name, parts in by_name.items()
        if name not in leaves or used.count(name) > 1 or len(by_name) == 1
    ]


def _act(link: Link) -> str:
    """The activation on edges within a layer; nothing for a scale or a sum."""
    symbol = link.symbol(0, 0) if link.slopes.size else ""
    return "" if symbol == SCALE else symbol.removesuffix("′") if symbol.endswith("′") else ""


def _rms(gradient: ScaledArray) -> Scaled:
    """The root of the mean square, at any size."""
    mean = (gradient * gradient).sum() * (1.0 / max(gradient.mantissa.size, 1))
    half, odd = divmod(mean.exponent, 2)
    root = Scaled.of((mean.mantissa * 2.0**odd) ** 0.5)
    return Scaled(root.mantissa, root.exponent + half if root.mantissa else 0)


def _runs(found: Sequence[LayerBox]) -> list[list[LayerBox]]:
    """Layers in a row that are equal, each fed by the one before alone."""
    used = [name for one in found for name in one.feeds]
    runs: list[list[LayerBox]] = []
    for one in found:
        before = runs[-1][-1] if runs else None
        if (
            before is not None
            and (before.size, before.act) == (one.size, one.act)
            and one.feeds == (before.name,)
            and used.count(before.name) == 1
        ):
            runs[-1].append(one)
        else:
            runs.append([one])
    return [
        part for run in runs for part in ([run] if len(run) >= SHORTEST_RUN else [[r] for r in run])
    ]


# --- how they look --------------------------------------------------------------------------------


def _box(group: Sequence[LayerBox], key: str) -> Box:
    """A layer, or one box for several that are equal."""
    low, high = group[0], group[-1]
    entering = ", ".join(f"{n:,}" for n in low.enter)
    shape = f"{entering} → {low.size:,}" if entering else f"{low.size:,}"
    title, lines = low.name, [f"{shape}, {low.act}" if low.act else shape]
    if len(group) == 1:
        lines.append(f"rms ∂ {size_text(low.gradient)}")
    else:
        title = f"×{len(group)}  {low.name} to {high.name}"
        if low.enter != (low.size,):
            lines.append(f"then {low.size:,} → {low.size:,}")
        lines.append(f"rms ∂ {size_text(high.gradient)} above, {size_text(low.gradient)} below")
        if low.gradient.mantissa and high.gradient.mantissa:
            step = (low.gradient.log10 - high.gradient.log10) / (len(group) - 1)
            lines.append(f"×{10**step:.3f} per layer downwards")
    return Box(
        id=key, title=Label.text(title), lines=tuple(map(Label.text, lines)), kind=high.kind,
        magnitude=low.gradient.log10 if low.gradient.mantissa else None, group=key,
        tooltip=f"{title}: rms gradient {low.gradient.format(6, '-')}",
    )  # fmt: skip
