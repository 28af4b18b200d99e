"""Some cells of a network as boxes, and the edges between them as arrows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd_lab.pathways.cells import Cell, Cells, Wire
from autograd_lab.pathways.report import PathReport
from autograd_lab.pictures import Arrow, Box, Diagram, Label
from autograd_lab.pictures.diagram import Kind
from autograd_lab.scaled import Scaled


class Sketch:
    """The boxes and arrows of some cells of a network.

    ``kept`` are the cells and ``wires`` the edges that are drawn.  Cells that are not ``lit``, and
    ``dimmed`` edges, have neither numbers nor colour; ``halo`` and ``emphasized`` have a halo.
    """

    def __init__(
        self,
        report: PathReport,
        cells: Cells,
        kept: set[Cell],
        wires: Sequence[Wire],
        *,
        emphasized: set[Cell] | None = None,
        halo: set[tuple[Cell, Cell, str]] | None = None,
        dimmed: Sequence[Wire] = (),
        lit: set[Cell] | None = None,
    ) -> None:
        self.report, self.cells, self.kept = report, cells, kept
        self.emphasized = emphasized or set()
        self.lit = kept if lit is None else lit
        self.boxes = [self._box(cell) for cell in sorted(kept)]
        self.arrows = [
            self._arrow(wire, (wire.low, wire.high, wire.symbol) in (halo or ())) for wire in wires
        ]
        self.arrows += [Arrow(_id(w.low), _id(w.high), tooltip=_tip(w)) for w in dimmed]

    def _box(self, cell: Cell) -> Box:
        cells, lit = self.cells, cell in self.lit
        size = float(cells.sizes[cell[0]][cell[1]])
        gradient = cells.gradients[cell[0]].item(cell[1])
        lines = []
        if lit:
            lines = [f"{symbol} = {_number(slope)}" for symbol, slope in cells.slopes(cell)[:2]]
            lines.append(f"∂ {size_text(gradient)}")
        return Box(
            id=_id(cell), title=Label.text(cells.name(cell)),
            lines=tuple(map(Label.text, lines)), kind=self._kind(cell),
            magnitude=size if lit and math.isfinite(size) else None,
            sign=gradient.sign if lit else 0, emphasized=cell in self.emphasized,
            tooltip=f"{cells.name(cell)}: gradient {gradient.format(6, '-')}",
            group=self.cells.network.layers[cell[0]].name,
        )  # fmt: skip

    def _kind(self, cell: Cell) -> Kind:
        if cell == self.cells.top:
            return "output"
        if cell[0] not in self.cells.network.leaves:
            return "operation"
        return "parameter" if "/" in self.cells.name(cell) else "input"

    def _arrow(self, wire: Wire, emphasized: bool) -> Arrow:
        return Arrow(
            tail=_id(wire.low), head=_id(wire.high), label=Label.text(_number(wire.slope)),
            magnitude=wire.passed if math.isfinite(wire.passed) else None,
            sign=(wire.slope > 0) - (wire.slope < 0), emphasized=emphasized, tooltip=_tip(wire),
        )  # fmt: skip

    def more(self, key: str, number: int, cell: Cell, upwards: bool) -> None:
        """A box for edges of one neuron that are not drawn."""
        self.boxes.append(Box(key, Label.text(f"… {number:,} more")))
        self.arrows.append(Arrow(key, _id(cell)) if upwards else Arrow(_id(cell), key))

    def rest(self) -> None:
        """For every layer a box that stands for its other neurons, joined as the layers are."""
        cells, ends = self.cells, {}
        for layer in cells.layers:
            neurons = cells.network.layers[layer]
            shown = [cell for cell in sorted(self.kept) if cell[0] == layer]
            left = neurons.size - len(shown)
            if shown and left and layer != cells.top[0]:
                ends[layer] = f"rest {layer}"
                title = Label.text(f"… {left:,} more")
                self.boxes.append(Box(ends[layer], title, group=neurons.name))
            elif shown:
                ends[layer] = _id(shown[0])
        joined = {
            (cells.home[link.source], cells.home[link.target]) for link in cells.network.links
        }
        for low, high in sorted(joined):
            if low != high and high in ends and ends.get(low, "").startswith("rest"):
                self.arrows.append(Arrow(ends[low], ends[high]))

    def diagram(self, claim: str, caption: str) -> Diagram:
        """Everything, with the words around it."""
        title = self.report.title
        return Diagram(
            title=title[:1].upper() + title[1:], description=claim, caption=caption,
            boxes=tuple(self.boxes), arrows=tuple(self.arrows),
            scale_label=Label.text("log₁₀ of the gradient at a neuron, passed on by an edge"),
        )  # fmt: skip


def _id(cell: Cell) -> str:
    return f"{cell[0]}:{cell[1]}"


def _tip(wire: Wire) -> str:
    return f"local derivative {wire.symbol} = {wire.slope:.6g}"


def size_text(x: Scaled) -> str:
    """Three significant digits; powers of ten only where they are needed.

    >>> size_text(Scaled.of(-0.25)), size_text(Scaled.of(1e-9))
    ('−0.25', '1.00e−09')
    """
    plain = not x.mantissa or 1e-3 <= abs(float(x)) < 1e4
    return (f"{float(x) or 0.0:.3g}" if plain else x.format(2, "-")).replace("-", "−")


def _number(x: float) -> str:
    return size_text(Scaled.of(x))
