"""An explanation as a diagram: values and gradients in boxes, local derivatives on edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_lab.explanations.derivation import Derivation
from autograd_lab.graph import Node, toposort
from autograd_lab.interpreters.paths import Edge
from autograd_lab.pictures import Arrow, Box, Diagram, Label, variable
from autograd_lab.pictures.diagram import Kind
from autograd_lab.scaled import Scaled

if TYPE_CHECKING:
    from autograd_lab.explanations.explanation import Explanation

MOST_NEURONS = 40  # of a chain drawn neuron by neuron
ENDS = 4  # neurons drawn at either end of a longer one


def diagram(e: Explanation) -> Diagram:
    """The graph of the asked-for gradient as boxes and arrows.

    A box is coloured by log10 of its gradient.  An arrow carries the local derivative; its colour
    is the size of what it passes on.  The strongest asked-for path has a halo, and its smallest
    factor is named the weakest edge.
    """
    path, derivation = _asked_path(e)
    weakest = _weakest(e, path)
    on_path = {edge.node for edge in path} | {edge.source for edge in path}
    hidden = _collapsed(e)
    nodes = [node for node in toposort([e.problem.view]) if node not in hidden]
    ids = {node: f"{e.problem.names.get(node, 'n')}#{i}" for i, node in enumerate(nodes)}
    boxes = tuple(_box(e, node, ids[node], node in on_path) for node in nodes)
    arrows = tuple(
        _arrow(e, Edge(node, i), ids, Edge(node, i) in path, Edge(node, i) == weakest)
        for node in nodes
        for i, x in enumerate(node.inputs)
        if x in ids
    )
    if hidden:
        box, links = _block(e, path, ids)
        boxes, arrows = (*boxes, box), (*arrows, *links)
    top = e.problem.output_name
    asked = ", ".join(_asked(e, d) for d in e.derivations)
    return Diagram(
        title=e.problem.heading.text,
        description=_claim(e, derivation),
        boxes=boxes,
        arrows=arrows,
        scale_label=Label.text(f"log₁₀ |∂{e.problem.label(top)}/∂·|, size of the gradient"),
        caption=f"asked for: {asked}",
    )  # fmt: skip


def _collapsed(e: Explanation) -> set[Node]:
    """The neurons in the middle of a chain that is too long to be read; one box stands for them."""
    chain = e.problem.chain
    if chain is None or chain.size <= MOST_NEURONS:
        return set()
    inside = range(ENDS, chain.size - ENDS)
    parts = (chain.weights, chain.biases, *_view_parts(e))
    return {part[j] for part in parts for j in inside}


def _view_parts(e: Explanation) -> tuple[list[Node], list[Node]]:
    """The chain's z and a as nodes of the folded graph."""
    assert e.problem.chain is not None
    seen = {raw: node for node, raw in e.problem.raw.items()}
    chain = e.problem.chain
    return [seen[z] for z in chain.sums], [seen[a] for a in chain.activations]


def _block(e: Explanation, path: set[Edge], ids: dict[Node, str]) -> tuple[Box, list[Arrow]]:
    """The box for the collapsed neurons, and its arrows in and out."""
    assert e.problem.chain is not None
    first, last = ENDS + 1, e.problem.chain.size - ENDS
    sums, outputs = _view_parts(e)
    before, inside, after = outputs[first - 2], outputs[last - 1], sums[last]
    through = e.slopes.gradient(before) / e.slopes.gradient(inside)
    lines: tuple[Label, ...] = (Label.text(f"{last - first + 1:,} neurons"),)
    if e.mode != "symbolic":
        lines += (Label.text(f"factor {_size(through)}"),)
    on_path = any(edge.node is after or edge.source is before for edge in path)
    gradient = e.slopes.gradient(inside)
    shown = gradient.log10 if gradient.sign and e.mode != "symbolic" else None
    block = Box("block", Label.text(f"neurons {first} to {last}"), lines, "operation",
                shown, gradient.sign, on_path)  # fmt: skip
    edge = next(Edge(after, i) for i, x in enumerate(after.inputs) if x is inside)
    out = _arrow(e, edge, {inside: "block", after: ids[after]}, on_path, False)
    into = e.slopes.gradient(before)
    size = into.log10 if into.sign and e.mode != "symbolic" else None
    return block, [Arrow(ids[before], "block", magnitude=size, emphasized=on_path), out]


def _asked(e: Explanation, d: Derivation) -> str:
    """The gradient, its value, and which of its paths the halo follows."""
    text = f"∂{e.problem.label(e.problem.output_name)}/∂{e.problem.label(d.wrt)}"
    if e.mode == "symbolic":
        return text
    text += f" = {_size(d.total)}"
    return f"{text}, halo: strongest of {d.count:,} paths" if d.count > 1 else text


def _claim(e: Explanation, derivation: Derivation | None) -> str:
    """The sentence that the picture shows; it is the text alternative too."""
    if e.mode == "symbolic" or derivation is None:
        return f"Computation graph of {e.problem.heading.text}."
    top, name = e.problem.label(e.problem.output_name), e.problem.label(derivation.wrt)
    sentence = f"∂{top}/∂{name} = {derivation.total.format(6, '-')}"
    if derivation.count > 1:
        sentence += f", the sum over {derivation.count:,} paths"
    return f"{sentence}. Verdict: {e.verdict.word}."


def _asked_path(e: Explanation) -> tuple[set[Edge], Derivation | None]:
    if not e.derivations:
        return set(), None
    derivation = e.derivations[0]
    if not derivation.paths:
        return set(), derivation
    if e.mode == "symbolic" and derivation.count > 1:
        return set(), derivation
    best = max(derivation.paths, key=lambda path: path.product.log10)
    return {factor.edge for factor in best.factors}, derivation


def _weakest(e: Explanation, path: set[Edge]) -> Edge | None:
    if e.mode == "symbolic":
        return None  # without values nothing is the weakest
    sized = [(abs(e.slopes.on[edge]), -edge.node.serial, edge) for edge in path]
    smallest = min(sized, key=lambda item: item[:2], default=None)
    return smallest[2] if smallest is not None and smallest[0] < 1 else None


def _box(e: Explanation, node: Node, key: str, emphasized: bool) -> Box:
    gradient = e.slopes.gradient(node)
    reached = node in e.slopes.adjoint
    name = e.problem.names.get(node, "")
    title = variable(name)
    if node.op is not None:
        title = title + Label.text(f" = {_brief_formula(e, node)}")
    lines: list[Label] = []
    if e.mode != "symbolic":
        lines.append(Label.text(_number(node)))
        if reached:
            lines.append(Label.text(f"∂ {_size(gradient)}"))
    return Box(
        id=key, title=title, lines=tuple(lines), kind=_kind(e, node),
        magnitude=gradient.log10 if reached and gradient.sign and e.mode != "symbolic" else None,
        sign=gradient.sign if e.mode != "symbolic" else 0,
        emphasized=emphasized, tooltip=f"{name}: gradient {_size(gradient)}" if reached else name,
        group=_group(e, node),
    )  # fmt: skip


def _brief_formula(e: Explanation, node: Node, most: int = 26) -> str:
    formula = e.problem.formulas[node].text
    assert node.op is not None
    return formula if len(formula) <= most else formula[: most - 1] + "…"


def _kind(e: Explanation, node: Node) -> Kind:
    if node is e.problem.view:
        return "output"
    if node.op is not None:
        return "operation"
    chain = e.problem.chain
    inputs = [chain.x, chain.y] if chain else []
    letter = e.problem.names.get(node, "")[:1]
    return "input" if node in inputs or (chain is None and letter in "xyt") else "parameter"


def _group(e: Explanation, node: Node) -> str:
    """Parts of one neuron stay together when a long chain is folded into rows."""
    name = e.problem.names.get(node, "")
    return name[1:] if e.problem.chain is not None and name[1:].isdigit() else ""


def _arrow(e: Explanation, edge: Edge, ids: dict[Node, str], on_path: bool, weakest: bool) -> Arrow:
    slope = e.slopes.on.get(edge)
    if slope is None:  # through a condition there is no slope
        return Arrow(ids[edge.source], ids[edge.node])
    passed = e.slopes.gradient(edge.node) * slope
    symbol = e.symbol(edge) if e.symbols is not None else ""
    short = symbol if len(symbol) <= 12 else ""
    value = f"{slope:.3g}".replace("-", "−")
    if e.mode == "symbolic":
        label = short
    else:
        label = value if not short or short == value else f"{short} = {value}"
    return Arrow(
        tail=ids[edge.source], head=ids[edge.node], label=Label.text(label),
        magnitude=passed.log10 if passed.sign and e.mode != "symbolic" else None,
        sign=(slope > 0) - (slope < 0) if e.mode != "symbolic" else 0,
        emphasized=on_path, weakest=weakest,
        tooltip=f"local derivative {symbol or value}",
    )  # fmt: skip


def _number(node: Node) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return f"{float(node) or 0.0:.4g}".replace("-", "−")


def _size(x: Scaled) -> str:
    """Three significant digits; powers of ten only where they are needed."""
    plain = not x.mantissa or 1e-2 <= abs(float(x)) < 1e4
    return (f"{float(x) or 0.0:.3g}" if plain else x.format(2, "-")).replace("-", "−")
