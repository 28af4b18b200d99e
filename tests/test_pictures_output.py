"""SVG, PNG, PDF and text formats: legible, complete, repeatable, and safe from hostile names."""

import builtins
import hashlib
import io
import os
import re
import socket
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from picture_boxes import faults, label_boxes, shape_boxes
from picture_samples import SAMPLES

from autograd_lab.errors import MissingToolError, UsageError
from autograd_lab.pictures import (
    Arrow,
    Box,
    Diagram,
    Label,
    measure,
    raster,
    to_dot,
    to_mermaid,
    to_pdf,
    to_png,
    to_svg,
    to_tikz,
    variable,
)
from autograd_lab.pictures.exports import latex
from autograd_lab.pictures.pdf import pdf_of

HOSTILE = [
    "</text><script>alert(1)</script>",
    '"]; n1 [URL="javascript:alert(1)"]; "',
    "&#x41;&lt;&amp;",
    '<TABLE HREF="javascript:alert(1)"><TR><TD>x</TD></TR></TABLE>',
    r"\N \G \l trailing\ ".strip() + "\\",
    "a\0b\x1b[31mc",
    "lone \ud800 surrogate",
    "--> ]]> <!-- --%> <?x y?>",
    "w" * 10_000,
    "$x$ %} \\input{/etc/passwd} ^^5c",
    '`"click n0 href javascript:x"` ===>|x| #quot; ;',
    "\N{RIGHT-TO-LEFT OVERRIDE}abc",
    "日本語 🙂",
    "<b>",
    "",
]


def hostile_diagram(text):
    """A diagram that uses one text everywhere a text can go."""
    label = Label(((text, ""), (text, "sub"), (text, "sup")))
    boxes = (
        Box(text, label, (label, label), "parameter", -1.5, -1, emphasized=True, tooltip=text),
        Box(text + "2", label, kind="output", group=text),
    )
    arrow = Arrow(text, text + "2", label, -2.0, -1, emphasized=True, weakest=True, tooltip=text)
    return Diagram(text, text, boxes, (arrow,), scale_label=label, caption=text)


@pytest.mark.parametrize("engine", ["auto", "builtin"])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_text_overlaps_or_is_cut_off(name, engine):
    svg = to_svg(SAMPLES[name](), engine=engine)
    assert len(shape_boxes(svg)) == len(SAMPLES[name]().boxes)
    assert faults(svg) == []


def test_no_text_overlaps_from_top_to_bottom():
    assert faults(to_svg(replace(SAMPLES["network"](), direction="TB"), engine="builtin")) == []


def moved(svg, text, dx):
    """The SVG with the text that contains `text` moved by dx."""

    def shift(match):
        return f'x="{float(match[1]) + dx}"'

    line = next(line for line in svg.splitlines() if f">{text}<" in line)
    return svg.replace(line, re.sub(r'x="([-\d.]+)"', shift, line), 1)


def test_the_reader_of_boxes_finds_planted_faults():
    svg = to_svg(SAMPLES["expression"](), engine="builtin")
    boxes = {ink.text: ink for ink in label_boxes(svg)}
    onto = boxes["output"].left if "output" in boxes else boxes["constant"].left
    assert any("overlap" in f for f in faults(moved(svg, "input", onto - boxes["input"].left)))
    assert faults(moved(svg, "input", -300)) == ["cut off: input"]
    assert any("across a box" in f for f in faults(moved(svg, "p + a", 45)))


def test_every_word_of_the_diagram_is_drawn():
    diagram = SAMPLES["chain"]()
    drawn = "\n".join(ink.text for ink in label_boxes(to_svg(diagram)))
    for box in diagram.boxes:
        for label in (box.title, *box.lines):
            assert "".join(text for text, _ in label.runs) in drawn
    assert "weakest" in drawn
    assert "−1.2000" in drawn


def test_subscripts_are_smaller_and_lower():
    svg = to_svg(Diagram("t", boxes=(Box("b", variable("b12")),)))
    spans = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}tspan")
    base, sub = [s for s in spans if s.text in ("b", "12")]
    assert float(sub.get("y")) > float(base.get("y"))
    assert float(sub.get("font-size")) < 15
    assert float(sub.get("x")) > float(base.get("x"))


def test_a_negative_arrow_is_dashed_and_says_so():
    boxes = (Box("a", Label.of("a")), Box("b", Label.of("b")))

    def svg(sign, label):
        arrow = Arrow("a", "b", label, sign=sign)
        return to_svg(Diagram("t", boxes=boxes, arrows=(arrow,)), engine="builtin")

    texts = [ink.text for ink in label_boxes(svg(-1, variable("w2")))]
    assert "w2 < 0" in texts
    assert "stroke-dasharray" in svg(-1, Label.of("−2"))
    assert "dashed: negative" in svg(-1, Label.of("−2"))
    assert "stroke-dasharray" not in svg(1, Label.of("2"))


def test_the_picture_describes_itself():
    root = ET.fromstring(to_svg(replace(SAMPLES["chain"](), title="A & B", description="C < D")))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "A & B"
    assert [child.text for child in root][:2] == ["A & B", "C < D"]
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"


def test_themes_differ_in_colors_alone():
    light, dark, auto = (to_svg(SAMPLES["chain"](), theme) for theme in ("light", "dark", "auto"))
    assert light != dark
    assert re.sub(r"#[0-9a-f]{6}", "", light) == re.sub(r"#[0-9a-f]{6}", "", dark)
    assert "prefers-color-scheme:dark" in auto
    assert "var(" not in light + dark
    used = set(re.findall(r"var\((--al-\w+)\)", auto))
    assert used
    assert all(auto.count(f"{name}:") == 2 for name in used)
    assert faults(auto) == []
    with pytest.raises(UsageError, match="light, dark or auto"):
        to_svg(SAMPLES["chain"](), "sepia")


ALLOWED = {"svg", "title", "desc", "style", "rect", "g", "path", "text", "tspan"}
ALLOWED |= {"defs", "linearGradient", "stop", "polygon"}


def assert_harmless(svg):
    """Only known elements, no attribute that links or runs, no style but ours."""
    assert "<!" not in svg
    assert "<?" not in svg
    for element in ET.fromstring(svg).iter():
        assert element.tag.split("}")[1] in ALLOWED
        for name, value in element.attrib.items():
            assert "href" not in name.lower()
            assert not name.lower().startswith("on")
            if name != "aria-label":
                assert "javascript" not in value
                assert not re.search(r"url\((?!#g[0-9a-f]{10}\))", value)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text_in_svg_and_png(text):
    diagram = hostile_diagram(text)
    for theme in ("light", "auto"):
        svg = to_svg(diagram, theme)
        assert_harmless(svg)
        assert faults(svg) == []
        svg.encode()
    assert len(svg) < 120_000
    assert to_png(diagram, zoom=1).startswith(b"\x89PNG")


def test_the_check_for_harm_can_fail():
    for planted in ('<a href="x"/>', '<rect onload="x"/>', "<script/>", '<rect fill="url(x)"/>'):
        with pytest.raises(AssertionError):
            assert_harmless(f'<svg xmlns="http://www.w3.org/2000/svg">{planted}</svg>')


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text_in_dot(text):
    source = to_dot(hostile_diagram(text))
    source.encode()
    for found in re.findall(r"\[(?:[^\"\]]|\"(?:[^\"\\]|\\.)*\")*\]", source):
        assert "URL=" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", found)
    assert "label=<" not in source
    assert not re.search(r"(?<!\\)(\\\\)*\\[NGELTHlr]", source)


@pytest.mark.parametrize("text", ["<b>", 'a"];b', "x\\N", "&#x41;", "end\\", "a\\\\b", "\\"])
def test_graphviz_shows_a_hostile_label_as_it_is(text):
    pygraphviz = pytest.importorskip("pygraphviz")
    graph = pygraphviz.AGraph(string=to_dot(Diagram("t", boxes=(Box("k", Label.of(text)),))))
    shown = ET.fromstring(graph.draw(format="svg", prog="dot"))
    assert [e.text for e in shown.iter("{http://www.w3.org/2000/svg}text")] == ["t", text]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text_in_mermaid(text):
    source = to_mermaid(hostile_diagram(text))
    source.encode()
    for line in source.splitlines()[1:]:
        words = re.fullmatch(
            r"    (?:n\d(?:\{\{\"(.*)\"\}\}|\[\[\"(.*)\"\]\])|n0 ==>\|\"(.*)\"\| n1"
            r"|style n\d [-\w#:,. ]+|linkStyle 0 [-\w: ]+)",
            line,
        )
        assert words, line
        for shown in filter(None, words.groups()):
            assert not set(shown.replace("<br/>", "")) & set('<>"[]{}|\\`&%')


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text_in_tikz(text):
    source = to_tikz(hostile_diagram(text), "builtin")
    source.encode()
    body = source.split(r"\begin{tikzpicture}")[1]
    plain = re.sub(r"\\[\\{}$&#%_]", "", body)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    assert not set(plain) & set("%#&~")
    assert r"\input" not in source


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (variable("lambda_1"), r"\lambda _{1}"),
        (Label.of("σ′(z", sub="4") + ")", r"\sigma '(z_{4})"),
        (Label.of("10", sup="−4"), "10^{-4}"),
        (Label.of("relu"), r"\mathrm{relu}"),
        (Label.of("a_b^c"), r"a\_b\hat{}c"),
        (Label.of("日"), r"\square "),
    ],
)
def test_labels_in_latex(label, expected):
    assert latex(label) == expected


def test_text_formats_hold_every_box_and_arrow():
    diagram = SAMPLES["network"]()
    boxes, arrows = len(diagram.boxes), len(diagram.arrows)
    dot, mermaid, tikz = to_dot(diagram), to_mermaid(diagram), to_tikz(diagram)
    assert dot.count(" -> ") == arrows
    assert len(re.findall(r"^\tn\d+ \[", dot, re.MULTILINE)) == boxes
    assert len(re.findall(r"^    n\d+ [=-]", mermaid, re.MULTILINE)) == arrows
    assert len(re.findall(r"^    style n", mermaid, re.MULTILINE)) == boxes
    assert tikz.count(r"\draw[->") == arrows
    assert tikz.count(r"\node[draw") == boxes


def pixels(png):
    """Rows of an 8-bit RGB or RGBA PNG, as (width, channels, list of bytearrays)."""
    at, data, head = 8, b"", b""
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + length]
        head = body if kind == b"IHDR" else head
        data += body if kind == b"IDAT" else b""
        at += length + 12
    width, height, depth, color = struct.unpack(">IIBB", head[:10])
    assert depth == 8
    step = {2: 3, 6: 4}[color]
    raw, rows, before = zlib.decompress(data), [], bytearray(width * step)
    for y in range(height):
        line = y * (width * step + 1)
        row = unfiltered(
            raw[line], bytearray(raw[line + 1 : line + 1 + width * step]), before, step
        )
        rows.append(row)
        before = row
    return width, step, rows


def unfiltered(kind, row, above, step):
    for i in range(len(row)):
        left = row[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        if kind == 4:
            guess = left + above[i] - corner
            near = min((left, above[i], corner), key=lambda v: abs(guess - v))
        else:
            near = (0, left, above[i], (left + above[i]) // 2)[kind]
        row[i] = (row[i] + near) & 255
    return row


def blank_texts(png, svg, zoom):
    """The texts in whose ink boxes the PNG shows one color only."""
    _, step, rows = pixels(png)
    blank = []
    for ink in label_boxes(svg):
        left, top, right, bottom = (
            round(zoom * v) for v in (ink.left, ink.top, ink.right, ink.bottom)
        )
        seen = {
            bytes(row[step * x : step * x + 3])
            for row in rows[top : bottom + 1]
            for x in range(left, right + 1)
        }
        if len(seen) < 2:
            blank.append(ink.text)
    return blank


def test_png_draws_every_text_without_system_fonts():
    diagram = SAMPLES["expression"]()
    svg = to_svg(diagram)
    assert blank_texts(raster.png_of(svg, 1.0), svg, 1.0) == []


def test_a_rasterizer_that_drops_text_is_caught():
    import resvg_py

    svg = to_svg(SAMPLES["expression"]())
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))
    assert len(blank_texts(png, svg, 1.0)) > 20


def read_pdf(pdf):
    """The words of a PDF's only page, white space made even."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        assert len(document) == 1
        return " ".join(document[0].get_textpage().get_text_range().split())


def lost(pdf, diagram):
    """The labels of a diagram that cannot be copied from its PDF."""
    labels = [label for box in diagram.boxes for label in (box.title, *box.lines)]
    labels += [arrow.drawn_label() for arrow in diagram.arrows]
    words = [diagram.title, diagram.caption, *(label.plain() for label in labels)]
    text = read_pdf(pdf)
    return [word for word in words if " ".join(word.split()) not in text]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_label_can_be_copied_from_the_pdf(name):
    diagram = SAMPLES[name]()
    assert lost(to_pdf(diagram), diagram) == []


def test_words_with_signs_and_scripts_are_copied_as_written():
    label = Label.of("∂C/∂b", sub="1") + " = σ′(z" + Label.of("", sub="4") + ")·10" + "½"
    box = Box("x", label, (Label.of("10", sup="−4"), Label.of("w", sub="xy")))
    text = read_pdf(to_pdf(Diagram("t", boxes=(box,))))
    for words in ("∂C/∂b₁ = σ′(z₄)·10½", "10⁻⁴", "w_(xy)"):
        assert words in text


def test_a_lost_label_would_be_noticed():
    diagram = SAMPLES["expression"]()
    svg = to_svg(diagram)
    line = next(line for line in svg.splitlines() if ">output<" in line or ">p + a<" in line)
    assert lost(pdf_of(svg, measure.font_file()), diagram) == []
    assert lost(pdf_of(svg.replace(line, ""), measure.font_file()), diagram) != []


def test_the_pdf_has_the_size_and_the_words_of_the_picture():
    diagram = replace(SAMPLES["expression"](), title="∂ & (b₁)", description="C < D\\")
    root = ET.fromstring(to_svg(diagram))
    with closing(pypdfium2.PdfDocument(to_pdf(diagram))) as document:
        sides = [float(root.get("width")), float(root.get("height"))]
        assert document[0].get_size() == pytest.approx(sides, abs=0.01)
        assert document.get_metadata_value("Title") == "∂ & (b₁)"
        assert document.get_metadata_value("Subject") == "C < D\\"


def foreign_fonts(pdf):
    """Fonts that are named in a PDF and not carried by it as a part of DejaVu Sans."""
    names = re.findall(rb"/BaseFont /(\S+)", pdf)
    assert names
    assert pdf.count(b"/FontFile2") == len({n for n in names if b"+DejaVuSans" in n})
    return [name for name in names if not re.fullmatch(rb"[A-Z]{6}\+DejaVuSans", name)]


def test_pdf_brings_its_font_along():
    assert foreign_fonts(to_pdf(SAMPLES["expression"]())) == []


def test_a_font_that_stays_at_home_would_be_noticed():
    from reportlab.pdfgen.canvas import Canvas

    page = Canvas(io.BytesIO())
    page.drawString(10, 10, "x")
    assert foreign_fonts(page.getpdfdata()) == [b"Helvetica"]


def unlike(svg, pdf):
    """The largest difference of PNG and PDF in a square of 8 by 8 pixels, 0 to 255."""
    width, step, rows = pixels(raster.png_of(svg, 1.0))
    one = np.array(rows, dtype=float).reshape(len(rows), width, step)[:, :, :3]
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        other = document[0].render(rev_byteorder=True).to_numpy()[:, :, :3].astype(float)
    high, wide = (8 * (min(pair) // 8) for pair in zip(one.shape[:2], other.shape[:2], strict=True))
    gap = (one[:high, :wide] - other[:high, :wide]).reshape(high // 8, 8, wide // 8, 8, 3)
    return float(abs(gap.mean(axis=(1, 3))).max())


ALIKE = 40.0  # the two drawers smooth edges and place glyphs by different rules


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["expression", "chain"])
def test_the_pdf_looks_like_the_png(name, theme):
    svg = to_svg(SAMPLES[name](), theme)
    assert unlike(svg, pdf_of(svg, measure.font_file())) < ALIKE


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (r'<path[^>]*stroke-width="10"[^>]*/>', ""),
        (r' stroke-dasharray="7 4"', ""),
        (r'<rect[^>]*fill="url[^>]*/>', ""),
        (r"<polygon[^>]*/>", ""),
        (r"<text .*</text>", ""),
        (r'font-size="15"', 'font-size="18"'),
        (r"A[^A-Z]*", ""),
    ],
)
def test_a_pdf_that_lacks_a_part_would_be_noticed(part, other):
    svg = to_svg(SAMPLES["chain"]())
    spoiled = re.sub(part, other, svg)
    assert spoiled != svg
    assert unlike(svg, pdf_of(spoiled, measure.font_file())) > ALIKE


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text_in_pdf(text):
    pdf = to_pdf(hostile_diagram(text))
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        assert document.get_metadata_value("Title") == measure.clean(text)
    shown = " ".join(measure.drawable(text).split())
    assert shown[:40] in read_pdf(pdf)
    assert not re.search(rb"/(URI|JavaScript|JS|Launch|AA|OpenAction|Annots|GoTo\w*)\b", pdf)


def test_a_pdf_is_written_without_the_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert to_pdf(SAMPLES["expression"]()).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("svg", "named"),
    [
        ('<svg width="9" height="9"><circle r="3"/></svg>', "<circle>"),
        ('<svg width="9" height="9"><path fill="none" d="M1 1Q2 2 3 3"/></svg>', "'Q'"),
    ],
)
def test_what_the_pdf_writer_does_not_know_is_refused(svg, named):
    with pytest.raises(UsageError, match=named):
        pdf_of(svg, measure.font_file())


def test_an_svg_with_theme_auto_is_refused_as_pdf():
    with pytest.raises(UsageError, match="theme light or dark"):
        pdf_of(to_svg(SAMPLES["expression"](), "auto"), measure.font_file())


def test_theme_auto_is_drawn_light_in_png():
    diagram = SAMPLES["expression"]()
    assert to_png(diagram, "auto", zoom=1) == to_png(diagram, "light", zoom=1)
    assert to_png(diagram, "dark", zoom=1) != to_png(diagram, "light", zoom=1)


@pytest.mark.parametrize("zoom", [0, -1, 1e9])
def test_a_png_has_a_sensible_size(zoom):
    with pytest.raises(UsageError, match="zoom"):
        to_png(SAMPLES["expression"](), zoom=zoom)


@pytest.mark.parametrize(
    ("module", "draw", "wheel"),
    [("resvg_py", to_png, "resvg-py"), ("reportlab", to_pdf, "reportlab"),
     ("graphviz", to_dot, "graphviz")],
)  # fmt: skip
def test_a_missing_wheel_is_named(monkeypatch, module, draw, wheel):
    diagram = SAMPLES["expression"]()
    hide(monkeypatch, module)
    with pytest.raises(MissingToolError, match=f"pip install {wheel}"):
        draw(diagram)


def test_without_the_font_package_svg_is_drawn_and_the_others_say_what_is_missing(monkeypatch):
    hide(monkeypatch, "ziafont")
    measure._font.cache_clear()
    try:
        svg = to_svg(SAMPLES["chain"](), engine="builtin")
        assert len(shape_boxes(svg)) == 23
        with pytest.raises(MissingToolError, match="pip install ziafont"):
            raster.png_of(svg)
        with pytest.raises(MissingToolError, match="pip install ziafont"):
            to_pdf(SAMPLES["expression"](), engine="builtin")
    finally:
        measure._font.cache_clear()


def hide(monkeypatch, module):
    real = builtins.__import__

    def importing(name, *rest):
        if name.split(".")[0] == module:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", importing)


DIGESTS = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from picture_samples import SAMPLES
from autograd_lab.pictures import *
for name in ("chain", "network"):
    d = SAMPLES[name]()
    for out in (to_svg(d), to_svg(d, "auto", "builtin"), to_png(d, zoom=0.5), to_pdf(d), to_dot(d),
                to_mermaid(d), to_tikz(d)):
        print(hashlib.sha256(out if isinstance(out, bytes) else out.encode()).hexdigest())
"""


def test_same_input_same_bytes_under_any_hash_seed():
    runs = {
        subprocess.run(
            [sys.executable, "-c", DIGESTS, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert len(runs.pop().split()) == 14


def test_digests_notice_a_change():
    one, other = (to_svg(SAMPLES["expression"](), theme) for theme in ("light", "dark"))
    assert hashlib.sha256(one.encode()).digest() != hashlib.sha256(other.encode()).digest()
