"""Read an SVG back as boxes of ink, to prove that no two texts meet and none is cut off."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import ziafont.font

from autograd_lab.pictures.measure import font_file

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Ink:
    text: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other, slack=0.0):
        return (
            self.left < other.right - slack
            and other.left < self.right - slack
            and self.top < other.bottom - slack
            and other.top < self.bottom - slack
        )

    def within(self, other):
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


def label_boxes(svg):
    """The ink box of every <text>, from the glyphs' own bounding boxes."""
    return [ink for ink in (_ink(*found) for found in _elements(svg, "text")) if ink]


def shape_boxes(svg, name="box"):
    """The bounding box of the first outline in every <g class="box ...">."""
    found = []
    for group, dx, dy in _elements(svg, "g"):
        if group.get("class", "").split()[:1] == [name]:
            xs, ys = _outline(group.find(f"{SVG}path").get("d"))
            found.append(Ink("", min(xs) + dx, min(ys) + dy, max(xs) + dx, max(ys) + dy))
    return found


def faults(svg):
    """What is wrong: texts that overlap, leave the picture, or lie across the edge of a box."""
    texts = label_boxes(svg)
    view = Ink("", 0.0, 0.0, *map(float, ET.fromstring(svg).get("viewBox").split()[2:]))
    wrong = [f"cut off: {ink.text}" for ink in texts if not ink.within(view)]
    wrong += [f"overlap: {a.text} | {b.text}" for a, b in combinations(texts, 2) if a.meets(b)]
    for box in shape_boxes(svg):
        crossing = (ink for ink in texts if ink.meets(box) and not ink.within(box))
        wrong += [f"across a box: {ink.text}" for ink in crossing]
    return wrong


def _elements(svg, tag):
    """All elements of a tag with the translation that applies to them."""

    def walk(element, dx, dy):
        shift = re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", ""))
        if shift:
            dx, dy = dx + float(shift[1]), dy + float(shift[2])
        if element.tag == SVG + tag:
            yield element, dx, dy
        for child in element:
            yield from walk(child, dx, dy)

    return walk(ET.fromstring(svg), 0.0, 0.0)


def _ink(element, dx, dy):
    corners = []
    for span in element:
        size = float(span.get("font-size", element.get("font-size")))
        pen, baseline = dx + float(span.get("x")), dy + float(span.get("y"))
        for char in span.text:
            advance, box = glyph(char)
            if box is not None:
                corners.append((pen + size * box[0], baseline - size * box[3]))
                corners.append((pen + size * box[2], baseline - size * box[1]))
            pen += size * advance
    if not corners:
        return None
    xs, ys = zip(*corners, strict=True)
    return Ink("".join(element.itertext()), min(xs), min(ys), max(xs), max(ys))


@cache
def _font():
    return ziafont.font.Font(font_file())


@cache
def glyph(char):
    """Advance and bounding box (xmin, ymin, xmax, ymax) of a character, in em."""
    font = _font()
    em = font.info.layout.unitsperem
    advance = font.advwidths[font.glyphindex(char)].width / em
    if char.isspace():
        return advance, None
    box = font.glyph(char).bbox
    return advance, (box.xmin / em, box.ymin / em, box.xmax / em, box.ymax / em)


def _outline(path):
    """The corner points of path data made of absolute M, L, H, V, A and Z."""
    xs, ys = [], []
    for command, numbers in re.findall(r"([MLHVAZ])([^MLHVAZ]*)", path):
        values = [float(number) for number in numbers.split()]
        if command in "ML" or command == "A":
            xs.append(values[-2])
            ys.append(values[-1])
        elif command == "H":
            xs.append(values[0])
        elif command == "V":
            ys.append(values[0])
    return xs, ys
