"""Widths of text in DejaVu Sans, and text made safe to draw. The only door to ziafont."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

from autograd_lab.pictures.labels import Label, Run
from autograd_lab.pictures.style import SCRIPT_SCALE

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LONGEST = 400
_TYPICAL_ADVANCE = 0.68


def clean(text: str) -> str:
    r"""Text without control, format, surrogate, private or unassigned characters.

    Each is replaced, not dropped, so that a hidden character shows; white space becomes a space.

    >>> clean("a\x00b\tc")
    'a�b c'
    """
    return "".join(map(_clean_char, text))


def drawable(text: str) -> str:
    """Clean text in which every character the font lacks is replaced, so that none can vanish."""
    has_glyph = _font()[0]
    return "".join(c if has_glyph(c) else REPLACEMENT for c in clean(text[:_LONGEST]))


def text_width(text: str, size: float) -> float:
    """Width of `text` in pixels at font size `size`, without kerning."""
    advance = _font()[1]
    return size * sum(map(advance, text))


def run_size(run: Run, size: float) -> float:
    """Font size of a run in a label of font size `size`: scripts are smaller."""
    return size * SCRIPT_SCALE if run[1] else size


def label_width(label: Label, size: float) -> float:
    """Width of a label in pixels at font size `size`."""
    return sum(text_width(run[0], run_size(run, size)) for run in label.runs)


def fitted(label: Label, size: float, limit: float) -> Label:
    """The label made drawable and, if wider than `limit` pixels, cut with an ellipsis."""
    label = Label(tuple((drawable(text), script) for text, script in label.runs))
    if label_width(label, size) <= limit:
        return label
    room = limit - text_width("…", size)
    kept: list[Run] = []
    for run in label.runs:
        text = run[0]
        while text and text_width(text, run_size(run, size)) > room:
            text = text[:-1]
        if text:
            kept.append((text, run[1]))
        room -= text_width(text, run_size(run, size))
        if text != run[0]:
            break
    return Label(tuple(kept)) + "…"


def wrapped(text: str, size: float, width: float, most: int) -> list[Label]:
    """Words of `text` in at most `most` lines of `width` pixels, the last cut if need be."""
    lines: list[str] = []
    for word in clean(text[: 4 * _LONGEST]).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and label_width(Label.text(longer), size) > width and len(lines) < most:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return [fitted(Label.text(line), size, width) for line in lines]


def font_file() -> Path | None:
    """The DejaVu Sans file that ziafont carries, or None when ziafont is not installed."""
    try:
        import ziafont
    except ImportError:
        return None
    return Path(ziafont.__file__).parent / "fonts" / "DejaVuSans.ttf"


@cache
def _clean_char(char: str) -> str:
    if char.isspace():
        return " "
    return REPLACEMENT if unicodedata.category(char)[0] == "C" else char


@cache
def _font() -> tuple[Callable[[str], bool], Callable[[str], float]]:
    """Whether a character has a glyph, and its advance in em."""
    path = font_file()
    if path is None:
        # Without the font's own table, a generous mean: textLength then fits the text.
        return (lambda _: True), (lambda _: _TYPICAL_ADVANCE)
    from ziafont.font import Font

    font = Font(path)
    em = float(font.info.layout.unitsperem)

    @cache
    def advance(char: str) -> float:
        return float(font.advwidths[font.glyphindex(char)].width) / em

    @cache
    def has_glyph(char: str) -> bool:
        return char == " " or font.glyphindex(char) != 0

    return has_glyph, advance
