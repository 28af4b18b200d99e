"""Networks as diagrams at every zoom: layers, neurons, the strongest paths, one neuron's place.

Each function gives plain data for ``autograd_lab.pictures``.  What is left out is said in a box of
its own and in the caption.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from autograd_lab.errors import UsageError, did_you_mean
from autograd_lab.pathways.as_text import count
from autograd_lab.pathways.cells import Cell, Cells, Wire
from autograd_lab.pathways.network import RankedPath
from autograd_lab.pathways.report import PathReport
from autograd_lab.pathways.sketch import Sketch, size_text
from autograd_lab.pictures import Diagram

MOST_ON_PATHS = 160  # cells on paths that one picture shows
MOST_WIRES = 600  # labelled edges between neurons that one picture shows


def neurons(report: PathReport, most: int = 8) -> Diagram:
    """Every neuron with its gradient; of a layer of more than ``most`` those with the largest.

    ``most`` is lowered until no more than 600 edges are drawn.

    >>> from autograd_lab.graph import leaf
    >>> from autograd_lab.pathways import explain_paths
    >>> a = leaf(2.0, "a")
    >>> [box.title.plain() for box in neurons(explain_paths(a * a, wrt=a)).boxes]
    ['a', 'multiply_1']
    """
    cells = Cells(report.network)
    while most > 1 and _edges_between(cells, most) > MOST_WIRES:
        most -= 1
    layers = [layer for layer in cells.layers if layer in cells.sizes]
    kept = {(layer, i) for layer in layers for i in _largest(cells, layer, most)}
    wires = [wire for cell in sorted(kept) for wire in cells.into(cell, kept)]
    return Sketch(report, cells, kept, wires).diagram(
        f"{_whole(report)}.", _left_out(cells, kept, "the neurons with the largest gradients")
    )


def _edges_between(cells: Cells, most: int) -> int:
    """At most so many edges lie between that many neurons of each layer."""
    sizes = [min(most, neurons.size) for neurons in cells.network.layers]
    return sum(
        min(link.edges, sizes[link.source] * sizes[link.target])
        for link in cells.network.links
        if cells.home[link.source] != cells.home[link.target]
    )


def strongest_paths(report: PathReport, k: int = 5, beside: int = 1) -> Diagram:
    """The k strongest paths over a dimmed network: their neurons, and ``beside`` more per layer.

    The halo follows the strongest path.  Errors: UsageError if the report holds no path.
    """
    return _paths(report, report.strongest, "strongest", k, beside)


def weakest_paths(report: PathReport, k: int = 5, beside: int = 1) -> Diagram:
    """The same for the weakest paths on which no factor is zero."""
    return _paths(report, report.weakest, "weakest open", k, beside)


def neighbourhood(report: PathReport, neuron: str, most: int = 6) -> Diagram:
    """One neuron with the largest local derivatives that enter it, and those that leave it.

    ``neuron`` is a name such as "dense_3[17]"; UsageError if there is none.
    """
    cells = Cells(report.network)
    cell = _named(cells, neuron)
    into = sorted(cells.into(cell), key=lambda w: (-abs(w.slope), w.low))
    out = sorted(cells.out_of(cell), key=lambda w: (-w.passed, w.high))
    wires = [*into[:most], *out[:most]]
    kept = {cell, *(w.low for w in into[:most]), *(w.high for w in out[:most])}
    drawing = Sketch(report, cells, kept, wires, emphasized={cell})
    for side, all_wires, shown in (("in", into, into[:most]), ("out", out, out[:most])):
        if len(all_wires) > len(shown):
            drawing.more(side, len(all_wires) - len(shown), cell, upwards=side == "in")
    said = f"{len(into):,} edges enter {neuron}, {len(out):,} leave it"
    return drawing.diagram(f"{said}.", f"{said}; drawn are the largest.")


def _named(cells: Cells, neuron: str) -> Cell:
    layers = cells.network.layers
    base = neuron.split("[")[0]
    names = [layers[layer].name for layer in cells.layers]
    for layer in cells.layers:
        if layers[layer].name == base and layer in cells.sizes:
            for number in range(layers[layer].size):
                if cells.name((layer, number)) == neuron:
                    return layer, number
    raise UsageError(
        f"neighbourhood(neuron={neuron!r}): there is no such neuron on a path; "
        f"{did_you_mean(base, names)}layers: {', '.join(dict.fromkeys(names))}"
    )


# --- paths over a dimmed network ------------------------------------------------------------------


def _paths(
    report: PathReport, paths: Sequence[RankedPath], word: str, k: int, beside: int
) -> Diagram:
    if not paths[:k]:
        raise UsageError(
            f"{word} paths: the report holds none; ask explain_paths for k of them, and see "
            f"whether a path is open (here {count(report.open)} are)"
        )
    cells = Cells(report.network)
    chosen, on = _drawable(cells, paths[:k])
    wires = {(w.low, w.high, w.symbol): w for path in chosen for w in _wires(cells, path)}
    halo = {(w.low, w.high, w.symbol) for w in _wires(cells, chosen[0])}
    dimmed = _beside(cells, on, beside)
    drawing = Sketch(
        report, cells, on | {w.low for w in dimmed}, list(wires.values()),
        emphasized=_on(cells, chosen[:1]), halo=halo, dimmed=dimmed, lit=on,
    )  # fmt: skip
    drawing.rest()
    share = sum(report.share(path) for path in chosen)
    number = f"{len(chosen)} {word}" if len(chosen) > 1 else f"{word} one"
    claim = f"The {number} of {count(report.open)} open paths: {share:.2g} of the sum of all sizes"
    return drawing.diagram(
        f"{claim}.",
        f"{claim}. The halo follows the {word.split()[0]}: {size_text(chosen[0].value)}. "
        "Grey neurons are on none of them; the boxes of three dots stand for all others.",
    )


def _drawable(cells: Cells, paths: Sequence[RankedPath]) -> tuple[list[RankedPath], set[Cell]]:
    """As many of the first paths as one picture can show, and the cells on them."""
    chosen: list[RankedPath] = []
    on: set[Cell] = set()
    for path in paths:
        more = on | _on(cells, [path])
        if chosen and len(more) > MOST_ON_PATHS:
            break
        chosen.append(path)
        on = more
    return chosen, on


def _on(cells: Cells, paths: Iterable[RankedPath]) -> set[Cell]:
    """The cells that paths go through."""
    found = set()
    for path in paths:
        found.add(cells.cell(path.leaf))
        found |= {cells.cell(high) for high, *_ in path.edges}
    return found


def _wires(cells: Cells, path: RankedPath) -> list[Wire]:
    """The edges of a path between different cells."""
    found = []
    for high, link, low, slope in path.edges:
        below, above = cells.cell(low), cells.cell(high)
        if below != above:
            passed = math.log10(abs(slope)) + float(cells.sizes[link.target][high[1]])
            found.append(Wire(below, above, slope, link.symbol(low[1], high[1]), passed))
    return found


def _beside(cells: Cells, on: set[Cell], number: int) -> list[Wire]:
    """For every layer of cells on paths, the largest other edges into the layer above."""
    best: dict[int, dict[Cell, Wire]] = {}
    for cell in sorted(on) if number else ():
        for wire in cells.into(cell):
            if wire.low not in on and wire.slope:
                known = best.setdefault(wire.low[0], {})
                if wire.low not in known or abs(known[wire.low].slope) < abs(wire.slope):
                    known[wire.low] = wire
    chosen = []
    for wires in best.values():
        chosen += sorted(wires.values(), key=lambda w: (-abs(w.slope), w.low))[:number]
    return chosen


# --- helpers: which neurons, which words ----------------------------------------------------------


def _largest(cells: Cells, layer: int, most: int) -> list[int]:
    """The neurons of a layer with the largest gradients; the output's own neuron alone."""
    if layer == cells.top[0]:
        return [cells.top[1]]
    sizes = cells.sizes[layer].ravel()
    order = sorted(range(len(sizes)), key=lambda i: (-sizes[i], i))
    return sorted(order[:most])


def _left_out(cells: Cells, kept: set[Cell], which: str) -> str:
    """What a picture does not show."""
    layers, top = cells.network.layers, cells.top[0]
    sizes = [1 if layer == top else layers[layer].size for layer in cells.layers
             if layer in cells.sizes]  # fmt: skip
    hidden = sum(sizes) - len(kept)
    return f"Drawn are {which} of each layer; {hidden:,} others are left out." if hidden else ""


def _whole(report: PathReport) -> str:
    return f"{count(report.count)} {report.title}, {count(report.open)} of them open"
