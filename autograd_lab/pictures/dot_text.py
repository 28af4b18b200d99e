"""DOT text, written with the `graphviz` package: the only door to it."""

from __future__ import annotations

from types import ModuleType

from autograd_lab.errors import MissingToolError
from autograd_lab.pictures.diagram import Arrow, Box, Diagram, is_colored
from autograd_lab.pictures.layered import Problem
from autograd_lab.pictures.measure import clean
from autograd_lab.pictures.style import LIGHT, Scale, text_on

_FONT = {"fontname": "DejaVu Sans"}
_SHAPES = {
    "input": "oval",
    "parameter": "octagon",
    "constant": "plaintext",
    "operation": "box",
    "output": "box",
}


def layout_source(problem: Problem) -> str:
    """DOT for a layout problem: nodes n0, n1, ... of fixed size without a word in them."""
    graph = _graphviz().Digraph(graph_attr={"rankdir": "LR", "nodesep": "0.01", "ranksep": "0.5"})
    graph.attr("node", shape="box", fixedsize="true", label="", width="0.1")
    columns: dict[int, list[str]] = {}
    for index, (column, breadth) in enumerate(zip(problem.columns, problem.breadths, strict=True)):
        graph.node(f"n{index}", height=f"{breadth / 72:.4f}")
        columns.setdefault(column, []).append(f"n{index}")
    for tail, head, weight in problem.links:
        graph.edge(f"n{tail}", f"n{head}", weight=str(weight))
    for names in columns.values():
        with graph.subgraph(graph_attr={"rank": "same"}) as same:
            for name in names:
                same.node(name)
    return str(graph.source)


def to_dot(diagram: Diagram) -> str:
    """The diagram as DOT text that any Graphviz draws; words are quoted, never HTML or escapes.

    Errors: MissingToolError without the `graphviz` package, UsageError for a broken diagram.
    """
    diagram = diagram.checked()
    scale = diagram.color_scale()
    graph = _graphviz().Digraph("diagram")
    graph.attr(
        "graph", rankdir=diagram.direction, label=_text(diagram.title), labelloc="t", **_FONT
    )
    graph.attr("node", fontsize="12", **_FONT)
    graph.attr("edge", fontsize="10", **_FONT)
    names = {box.id: f"n{index}" for index, box in enumerate(diagram.boxes)}
    for box in diagram.boxes:
        graph.node(names[box.id], **_node(box, scale))
    for arrow in diagram.arrows:
        graph.edge(names[arrow.tail], names[arrow.head], **_edge(arrow))
    return str(graph.source)


def _node(box: Box, scale: Scale | None) -> dict[str, str]:
    words = "\n".join(label.plain() for label in (box.title, *box.lines))
    style = ["filled", "rounded"] if box.kind in ("operation", "output") else ["filled"]
    found = {"label": _text(words), "shape": _SHAPES[box.kind], "fillcolor": LIGHT.surface}
    if scale is not None and box.magnitude is not None and is_colored(box.magnitude):
        found["fillcolor"] = scale.color(box.magnitude)
        found["fontcolor"] = text_on(found["fillcolor"])
    if box.sign < 0:
        style.append("dashed")
    if box.kind == "output":
        found["peripheries"] = "2"
    if box.emphasized:
        found["color"], found["penwidth"] = LIGHT.accent, "2.5"
    return {**found, "style": ",".join(style)}


def _edge(arrow: Arrow) -> dict[str, str]:
    words = arrow.drawn_label().plain()
    found = {"label": _text(f"{words} (weakest)" if arrow.weakest else words)}
    if arrow.sign < 0:
        found["style"] = "dashed"
    if arrow.emphasized:
        found["color"], found["penwidth"] = LIGHT.accent, "2.5"
    return found


def _text(text: str) -> str:
    """Text as a DOT label that shows exactly these characters; only line breaks are kept."""
    graphviz = _graphviz()
    # Graphviz decodes entities in labels, so an ampersand has to be one.
    lines = (graphviz.escape(clean(line).replace("&", "&amp;")) for line in text.split("\n"))
    return graphviz.nohtml("\\n".join(lines))  # type: ignore[no-any-return]


def _graphviz() -> ModuleType:
    try:
        import graphviz
    except ImportError:
        raise MissingToolError("graphviz is not installed; pip install graphviz") from None
    return graphviz  # type: ignore[no-any-return]
