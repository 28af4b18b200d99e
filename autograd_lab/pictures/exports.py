"""The diagram as Mermaid and as TikZ text."""

from __future__ import annotations

from autograd_lab.notation import GREEK
from autograd_lab.pictures.diagram import Arrow, Box, Diagram, is_colored
from autograd_lab.pictures.engines import Engine
from autograd_lab.pictures.geometry import Rect, Stroke
from autograd_lab.pictures.labels import Label
from autograd_lab.pictures.layout import WEAKEST, arrow_text, box_texts, layout
from autograd_lab.pictures.measure import clean
from autograd_lab.pictures.style import LIGHT, Scale, text_on

_MERMAID_SHAPES = {
    "input": '(["{}"])',
    "parameter": '{{{{"{}"}}}}',
    "constant": '["{}"]',
    "operation": '("{}")',
    "output": '[["{}"]]',
}
_MERMAID_PLAIN = set(" .,:()=/′·×∂∞½−…")

_TIKZ_SHAPES = {
    "input": "rounded corners=3mm",
    "parameter": "chamfered rectangle, chamfered rectangle xsep=2mm",
    "constant": "sharp corners",
    "operation": "rounded corners=1.5mm",
    "output": "rounded corners=1.5mm, double",
}
_PIXELS_PER_CM = 48.0
_LATEX_TEXT = {
    **{letter: rf"\{name} " for name, letter in GREEK.items()},
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\hat{}", "~": r"\sim ", " ": r"\ ",
    "∂": r"\partial ", "′": "'", "·": r"\cdot ", "×": r"\times ", "−": "-", "½": r"\tfrac12 ",
    "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "…": r"\ldots ", "≈": r"\approx ", "√": r"\surd ",
    "ο": "o",
}  # fmt: skip


def to_mermaid(diagram: Diagram) -> str:
    """The diagram as a Mermaid flowchart; any character that could be markup is an entity.

    >>> box = Box("x", Label.of("<b>"))
    >>> print(to_mermaid(Diagram("t", boxes=(box,))).splitlines()[1].strip())
    n0("#60;b#62;")
    """
    diagram = diagram.checked()
    scale = diagram.color_scale()
    names = {box.id: f"n{index}" for index, box in enumerate(diagram.boxes)}
    lines = [f"flowchart {diagram.direction}"]
    for box in diagram.boxes:
        words = "<br/>".join(_mermaid_text(label) for label in (box.title, *box.lines))
        lines.append(f"    {names[box.id]}{_MERMAID_SHAPES[box.kind].format(words)}")
    for arrow in diagram.arrows:
        label = _mermaid_text(arrow.drawn_label()) + (f" ({WEAKEST})" if arrow.weakest else "")
        shaft = "==>" if arrow.emphasized else "-->"
        words = f'|"{label}"|' if label else ""
        lines.append(f"    {names[arrow.tail]} {shaft}{words} {names[arrow.head]}")
    lines += [f"    style {names[box.id]} {_mermaid_style(box, scale)}" for box in diagram.boxes]
    negative = (index for index, arrow in enumerate(diagram.arrows) if arrow.sign < 0)
    lines += [f"    linkStyle {index} stroke-dasharray:7 4" for index in negative]
    return "\n".join(lines) + "\n"


def to_tikz(diagram: Diagram, engine: Engine = "auto") -> str:
    """The diagram as a `tikzpicture`, placed by our layout; the needed preamble is a comment.

    >>> text = to_tikz(Diagram("t", boxes=(Box("b", Label.of("b", sub="1")),)), "builtin")
    >>> "$b_{1}$" in text
    True
    """
    found = layout(diagram, engine)
    scale = diagram.color_scale()
    lines = [
        r"% \usepackage{tikz}",
        r"% \usetikzlibrary{arrows.meta, shapes.misc}",
        r"\begin{tikzpicture}[x=1cm, y=-1cm, font=\scriptsize, >={Stealth[length=2mm]}]",
    ]
    for arrow, strokes, rect in zip(diagram.arrows, found.strokes, found.labels, strict=True):
        lines += _tikz_arrow(arrow, strokes, rect)
    for box, place in zip(diagram.boxes, found.boxes, strict=True):
        lines += _tikz_box(box, place, scale)
    return "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"


def latex(label: Label) -> str:
    r"""A label in LaTeX's mathematics; every character of it is shown, none is a command.

    >>> latex(Label.of("∂C/∂b", sub="1") + " = 2")
    '\\partial C/\\partial b_{1}\\ =\\ 2'
    """
    scripts = {"": "{}", "sub": "_{{{}}}", "sup": "^{{{}}}"}
    return "".join(scripts[script].format(_latex_run(text)) for text, script in label.runs)


def _mermaid_text(label: Label) -> str:
    safe = (c if c.isalnum() or c in _MERMAID_PLAIN else f"#{ord(c)};" for c in _short(label))
    return "".join(safe)


def _mermaid_style(box: Box, scale: Scale | None) -> str:
    fill = LIGHT.surface
    if scale is not None and box.magnitude is not None and is_colored(box.magnitude):
        fill = scale.color(box.magnitude)
    edge = LIGHT.accent if box.emphasized else LIGHT.casing
    width = 3 if box.emphasized else 1
    dash = ",stroke-dasharray:7 4" if box.sign < 0 else ""
    return f"fill:{fill},color:{text_on(fill)},stroke:{edge},stroke-width:{width}px{dash}"


def _short(label: Label) -> str:
    return clean(label.plain()[:200])


def _tikz_arrow(arrow: Arrow, strokes: tuple[Stroke, ...], rect: Rect | None) -> list[str]:
    options = ["dashed"] if arrow.sign < 0 else []
    if arrow.emphasized:
        options += ["very thick", "orange!80!black"]
    lines = []
    for number, stroke in enumerate(strokes):
        last = ["->"] if number == len(strokes) - 1 else []
        lines.append(rf"\draw[{', '.join([*last, *options])}] {_tikz_path(stroke)};")
    if rect is not None:
        words = f"${latex(arrow_text(arrow))}$"
        if arrow.weakest:
            words = rf"{WEAKEST}\\{words}" if arrow_text(arrow) else WEAKEST
        lines.append(rf"\node[align=center, inner sep=1pt] at {_at(rect.x, rect.y)} {{{words}}};")
    return lines


def _tikz_path(stroke: Stroke) -> str:
    found = [_at(*stroke[0][-1])]
    for piece in stroke[1:]:
        points = [_at(x, y) for x, y in piece]
        if len(points) == 1:
            found.append(f"-- {points[0]}")
        else:
            found.append(f".. controls {points[0]} and {points[1]} .. {points[2]}")
    return " ".join(found)


def _tikz_box(box: Box, rect: Rect, scale: Scale | None) -> list[str]:
    fill, ink = "white", "black"
    lines = []
    if scale is not None and box.magnitude is not None and is_colored(box.magnitude):
        color = scale.color(box.magnitude)
        fill, ink = "size", "white" if text_on(color) == "#ffffff" else "black"
        lines.append(rf"\definecolor{{size}}{{HTML}}{{{color[1:].upper()}}}")
    title, texts = box_texts(box)
    words = r"\\".join(f"${latex(label)}$" for label in (title, *texts))
    options = [
        "draw", _TIKZ_SHAPES[box.kind], f"fill={fill}", f"text={ink}", "align=center",
        f"minimum width={rect.width / _PIXELS_PER_CM:.2f}cm",
        f"minimum height={rect.height / _PIXELS_PER_CM:.2f}cm", "inner sep=0pt",
    ]  # fmt: skip
    options += ["dashed"] if box.sign < 0 else []
    options += ["very thick"] if box.emphasized else []
    return [*lines, rf"\node[{', '.join(options)}] at {_at(rect.x, rect.y)} {{{words}}};"]


def _at(x: float, y: float) -> str:
    return f"({x / _PIXELS_PER_CM:.3f}, {y / _PIXELS_PER_CM:.3f})"


def _latex_run(text: str) -> str:
    """Words upright, single letters in italics, everything else by its sign."""
    found, word = [], ""
    for char in [*clean(text), ""]:
        if char.isascii() and char.isalpha():
            word += char
            continue
        found.append(rf"\mathrm{{{word}}}" if len(word) > 1 else word)
        word = ""
        known = char.isascii() or char in _LATEX_TEXT
        found.append(_LATEX_TEXT.get(char, char) if known else r"\square ")
    return "".join(found)
