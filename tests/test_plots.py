"""Plots: what is drawn lies where the data say, and every word can be read."""

import csv
import math
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import FrozenInstanceError, replace
from io import StringIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_boxes import faults, label_boxes
from plot_samples import SAMPLES
from test_pictures_output import ALIKE, HOSTILE, assert_harmless, blank_texts, read_pdf, unlike

from autograd_lab.callbacks.history_plot import plot
from autograd_lab.errors import UsageError
from autograd_lab.pictures import measure, raster
from autograd_lab.pictures.pdf import pdf_of
from autograd_lab.pictures.plots import (
    Axis,
    Band,
    Bars,
    Contours,
    Curve,
    Figure,
    HeatMap,
    Histogram,
    Marker,
    Panel,
    Region,
    Rule,
    Scatter,
)
from autograd_lab.pictures.plots.coarse import coarse
from autograd_lab.pictures.plots.contours import chosen_levels, contour_lines
from autograd_lab.pictures.plots.lines import Area, clipped, clipped_polygon, thinned
from autograd_lab.pictures.plots.palette import COLORS, DASHES, Look
from autograd_lab.pictures.plots.room import spread
from autograd_lab.pictures.plots.rulers import ruler
from autograd_lab.pictures.plots.ticks import (
    exponent_label,
    linear_ticks,
    log_ticks,
    number_label,
    power_ticks,
)
from autograd_lab.pictures.style import DARK, LIGHT, Scale, contrast

SVG = "{http://www.w3.org/2000/svg}"


def figure(*items, x=None, y=None, **options):
    """A figure of one panel."""
    return Figure("t", (Panel("", x or Axis(), y or Axis(), items, **options),))


def groups(svg, kind):
    """The contents of every <g class=kind>."""
    return [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == kind]


def points(path):
    """The corners of path data made of absolute M and L."""
    return [
        [tuple(map(float, pair.split())) for pair in part.rstrip("Z").split("L")]
        for part in path.split("M")[1:]
    ]


def drawn(svg, kind="curve"):
    """Every run of points of the first item of a kind."""
    paths = (path for path in groups(svg, kind)[0].iter(f"{SVG}path"))
    return [run for path in paths for run in points(path.get("d"))]


def words(svg):
    return [ink.text for ink in label_boxes(svg)]


# --- every figure can be read --------------------------------------------------------------------


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (520, "light"), (1200, "light")])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_words_overlap_or_are_cut_off(name, width, theme):
    assert faults(replace(SAMPLES[name](), width=width).svg(theme)) == []


def test_the_reader_of_boxes_finds_planted_faults():
    svg = SAMPLES["training"]().svg()
    line = next(line for line in svg.splitlines() if re.match("<text.*>validation<", line))
    assert any("overlap" in fault for fault in faults(svg.replace(line, line + line, 1)))
    assert faults(svg.replace(line, re.sub(r' x="[\d.]+"', ' x="-9"', line), 1))


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"words", "dense"}))
def test_every_name_is_written(name):
    shown = SAMPLES[name]()
    text = " ".join(words(shown.svg()))
    named = {
        getattr(item, "name", "")
        for panel in shown.panels
        for item in panel.items
        if not isinstance(item, (Bars, Histogram))
    }
    assert [name for name in named if name.translate(str.maketrans("₁₂", "12")) not in text] == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_stay_words(text):
    items = (
        Curve(text, [1, 2], [1, 2]), Curve(text + "2", [1, 2], [2, 2]), Marker(text, 1, 1),
        Rule(text, y=1.5), Scatter(text + "3", [1], [2]),
    )  # fmt: skip
    shown = Figure(
        text,
        (
            Panel(text, Axis(text), Axis(text), items),
            Panel(text, items=[Bars(text, [text, text], [1, 2])]),
            Panel(text, items=[HeatMap(text, [[1, 2]], [text], [text, text])]),
        ),
        text,
        text,
    )
    for theme in ("light", "auto"):
        svg = shown.svg(theme)
        assert_harmless(svg)
        assert faults(svg) == []
    assert shown.png(zoom=1).startswith(b"\x89PNG")
    assert len(list(csv.reader(StringIO(shown.csv(), newline="")))) == 1 + 4 + 2 + 1 + 2 + 2


def test_the_figure_describes_itself():
    root = ET.fromstring(replace(SAMPLES["training"](), description="A < B & C").svg())
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Training and validation"
    assert root.findtext(f"{SVG}desc") == "A < B & C"


@pytest.mark.parametrize("name", ["training", "signs", "bars"])
def test_themes_differ_in_colors_alone(name):
    shown = SAMPLES[name]()
    light, dark, auto = (shown.svg(theme) for theme in ("light", "dark", "auto"))
    assert light != dark
    assert re.sub(r"#[0-9a-f]{6}", "", light) == re.sub(r"#[0-9a-f]{6}", "", dark)
    assert "prefers-color-scheme:dark" in auto
    assert shown._repr_svg_() == auto
    with pytest.raises(UsageError, match="light, dark or auto"):
        shown.svg("sepia")


@pytest.mark.parametrize("color", COLORS)
def test_lines_stand_out_from_both_papers(color):
    for paper in (LIGHT.paper, DARK.paper):
        assert contrast(color, paper) >= 3


def test_the_first_names_differ_in_more_than_color():
    number = len(COLORS) * len(DASHES)
    assert len({(Look(k).color, str(Look(k).dash)) for k in range(number)}) == number
    assert all(Look(k).dash != Look(k + 1).dash for k in range(number))


def test_one_name_has_one_look_in_all_panels():
    svg = SAMPLES["training"]().svg()
    strokes = [[p.get("stroke") for p in g.iter(f"{SVG}path")] for g in groups(svg, "curve")]
    assert strokes == [[COLORS[0]], [COLORS[1]]] * 2


# --- formats --------------------------------------------------------------------------------------

HASHES = """
import hashlib, sys
sys.path.insert(0, {tests!r})
from plot_samples import SAMPLES
for name in ("optimizers", "signs"):
    f = SAMPLES[name]()
    for data in (f.svg("auto").encode(), f.csv().encode(), f.pdf(), f.png(zoom=1)):
        print(hashlib.sha256(data).hexdigest())
"""


def test_the_bytes_are_the_same_in_every_run():
    program = HASHES.format(tests=str(Path(__file__).parent))
    seen = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        seen.add(done.stdout)
    assert len(seen) == 1
    assert len(set(seen.pop().split())) == 8


@pytest.mark.parametrize("name", ["training", "flow"])
def test_png_draws_every_word(name):
    svg = SAMPLES[name]().svg()
    assert blank_texts(raster.png_of(svg, 1.0), svg, 1.0) == []


@pytest.mark.parametrize(
    ("name", "theme"), [("optimizers", "dark"), ("signs", "light"), ("histograms", "light")]
)
def test_the_pdf_looks_like_the_png(name, theme):
    svg = SAMPLES[name]().svg(theme)
    assert unlike(svg, pdf_of(svg, measure.font_file())) < ALIKE


def test_words_can_be_copied_from_the_pdf():
    text = read_pdf(SAMPLES["ranges"]().pdf())
    for found in ("From very small to very large", "10⁻⁵⁰", "gradient", "10⁻¹²", "10⁻⁸⁰⁰⁰"):
        assert found in text


@pytest.mark.parametrize(
    ("ending", "start"),
    [("svg", b"<svg"), ("PNG", b"\x89PNG"), ("pdf", b"%PDF"), ("csv", b"panel")],
)
def test_a_figure_is_saved_by_its_ending(tmp_path, ending, start):
    file = tmp_path / f"curves.{ending}"
    SAMPLES["training"]().save(file, theme="auto")
    assert file.read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("name", ["curves", "curves.gif", "curves.svg.gz", ".svg"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match="svg, png, pdf, csv"):
        SAMPLES["training"]().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_table_holds_every_value_exactly():
    rows = list(csv.DictReader(StringIO(SAMPLES["gaps"]().csv())))
    curve = SAMPLES["gaps"]().panels[0].items[0]
    read = [row for row in rows if row["name"] == "with holes"]
    assert [float(row["x"]) for row in read] == list(curve.x)
    assert np.array_equal([float(row["y"]) for row in read], curve.y, equal_nan=True)
    heat = list(csv.DictReader(StringIO(SAMPLES["flow"]().csv())))
    assert len(heat) == 600
    assert (heat[0]["y"], heat[0]["x"], heat[0]["kind"]) == ("hidden 20", "1", "heatmap")
    bars = [r for r in csv.DictReader(StringIO(SAMPLES["bars"]().csv())) if r["name"] == "test"]
    assert [float(row["value"]) for row in bars] == [0.30, 0.90, 0.93, 0.94]
    assert [float(row["low"]) for row in bars] == [0.28, 0.88, 0.92, 0.93]


# --- numbers and ticks ----------------------------------------------------------------------------

SMALL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
SIDES = st.floats(-1e300, 1e300) | st.floats(-10, 10) | st.sampled_from([0.0, 1e-300, -1e-300])


def value_of(label):
    """The number that a label says."""
    text = label.plain()
    found = re.fullmatch(r"(−?)(?:([\d.]+)·)?10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", text)
    if found:
        return float(f"{found[1]}{found[2] or 1}e{found[3]}".translate(SMALL))
    return float(text.translate(SMALL))


@given(SIDES, SIDES, st.integers(2, 12))
def test_linear_ticks_are_few_round_rising_and_true(a, b, most):
    found = ruler(Axis(), [a, b], margin=0)
    ticks = linear_ticks(found.low, found.high, most)
    places = [place for place, _ in ticks]
    assert 1 <= len(ticks) <= most
    assert all(x < y for x, y in pairwise(places))
    assert all(found.low <= place <= found.high for place in places)
    for place, label in ticks:
        assert value_of(label) == pytest.approx(place, rel=1e-12, abs=5e-324)


@given(st.floats(-320, 300), st.floats(0.001, 300), st.integers(2, 12))
def test_logarithmic_ticks_say_where_they_stand(low, span, most):
    for place, label in log_ticks(low, min(low + span, 307.0), most):
        assert low <= place <= low + span
        if place > -300:
            assert math.log10(value_of(label)) == pytest.approx(place, abs=1e-9)


@given(st.integers(-9999, 9999), st.integers(1, 9999), st.integers(2, 9))
def test_powers_of_ten_beyond_the_floats(low, span, most):
    for place, label in power_ticks(low, low + span, most):
        shown = label.plain().translate(SMALL)
        assert shown == ("1" if place == 0 else f"10{place:.0f}")


def test_whole_axes_have_whole_ticks():
    assert [label.plain() for _, label in linear_ticks(1, 2, 9, whole=True)] == ["1", "2"]
    assert [label.plain() for _, label in linear_ticks(0.9, 5.2, 9, whole=True)] == list("12345")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0001, "0.0001"), (0.00009, "9·10⁻⁵"), (999_999, "10⁶"), (999_949, "999900"),
        (123_456, "123500"), (-0.5, "−0.5"), (1e-12, "10⁻¹²"), (-1e300, "−10³⁰⁰"),
        (5e-324, "4.941·10⁻³²⁴"), (99_999, "100000"), (math.nan, "nan"),
    ],
)  # fmt: skip
def test_numbers_in_words(value, text):
    assert number_label(value).plain() == text


@given(st.floats(-5000, 5000))
def test_a_number_told_by_its_logarithm(log10):
    shown = exponent_label(log10, 3).plain().translate(SMALL)
    mantissa, times, power = shown.partition("·10")
    if times:
        told = math.log10(float(mantissa)) + int(power)
    elif shown.startswith("10") and abs(log10) > 5.99:
        told = int(shown[2:])
    else:
        told = math.log10(float(shown))
    assert told == pytest.approx(log10, abs=0.003)


# --- lines ----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(-5, 5)), min_size=1, max_size=300))
def test_thinning_keeps_what_each_column_of_pixels_shows(found):
    line = sorted(found, key=lambda point: point[0])
    kept = thinned(line)
    assert kept[0] == line[0]
    assert kept[-1] == line[-1]
    for column in {math.floor(x) for x, _ in line}:
        before = [y for x, y in line if math.floor(x) == column]
        after = [y for x, y in kept if math.floor(x) == column]
        assert (min(before), max(before)) == (min(after), max(after))
        assert (before[0], before[-1]) == (after[0], after[-1])
        assert len(after) <= 4


def test_a_hundred_thousand_points_keep_their_peak():
    svg = SAMPLES["dense"]().svg()
    (run,) = drawn(svg)
    assert len(run) < 4 * 760
    assert len(svg) < 60_000
    top = min(y for _, y in run)
    label = next(ink for ink in label_boxes(svg) if ink.text == "5")
    assert label.top < top < label.bottom


COORDINATES = st.tuples(st.floats(-3, 3), st.floats(-3, 3))
UNIT = Area(-1.0, -1.0, 1.0, 1.0)


@given(st.lists(COORDINATES, min_size=2, max_size=12))
def test_clipping_keeps_exactly_the_inside(line):
    parts = clipped(line, UNIT)
    assert all(UNIT.holds(point, 1e-9) for part in parts for point in part)
    steps = 100
    inside = 0.0
    for (x0, y0), (x1, y1) in pairwise(line):
        share = sum(
            UNIT.holds((x0 + (x1 - x0) * (k + 0.5) / steps, y0 + (y1 - y0) * (k + 0.5) / steps))
            for k in range(steps)
        )
        inside += share / steps * math.dist((x0, y0), (x1, y1))
    kept = sum(math.dist(a, b) for part in parts for a, b in pairwise(part))
    assert kept == pytest.approx(inside, abs=0.2 * len(line))


@given(st.integers(3, 9), st.floats(0.2, 3), COORDINATES)
def test_clipped_polygons_have_the_area_that_lies_inside(number, radius, middle):
    corners = [
        (middle[0] + radius * math.cos(2 * math.pi * k / number),
         middle[1] + radius * math.sin(2 * math.pi * k / number))
        for k in range(number)
    ]  # fmt: skip
    found = clipped_polygon(corners, UNIT)
    area = abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in pairwise([*found, *found[:1]]))) / 2

    def holds(point):
        return all(
            (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) >= 0
            for a, b in pairwise([*corners, corners[0]])
        )

    grid = [-1 + (k + 0.5) / 20 for k in range(40)]
    counted = sum(holds((x, y)) for x in grid for y in grid) / 400
    assert area == pytest.approx(counted, abs=0.12)


@given(st.lists(st.floats(0, 100), max_size=8), st.floats(1, 20), st.randoms(use_true_random=False))
def test_names_are_moved_as_little_as_possible(heights, gap, chance):
    found = spread(heights, gap, 0, 100)
    real = min(gap, 100 / max(len(heights) - 1, 1))
    order = sorted(range(len(heights)), key=lambda k: (heights[k], k))
    levels = [found[k] for k in order]
    assert all(b - a >= real - 1e-9 for a, b in pairwise(levels))
    assert all(-1e-9 <= level <= 100 + 1e-9 for level in found)

    def moved(places):
        return sum((p - heights[k]) ** 2 for p, k in zip(places, order, strict=True))

    for _ in range(30):
        others = sorted(chance.uniform(0, 100 - real * (len(levels) - 1)) for _ in levels)
        near = [level + chance.uniform(-1, 1) - n * real for n, level in enumerate(levels)]
        near = sorted(min(max(p, 0), 100 - real * (len(levels) - 1)) for p in near)
        for places in (others, near):
            assert moved([p + n * real for n, p in enumerate(places)]) >= moved(levels) - 1e-6


# --- curves lie where the data say ----------------------------------------------------------------


def tick_places(svg, x_axis):
    """Words of an axis and the pixel on which they are centred."""
    found = {}
    for ink in label_boxes(svg):
        middle = (ink.left + ink.right) / 2 if x_axis else (ink.top + ink.bottom) / 2
        found[ink.text] = middle
    return found


def test_points_lie_at_their_ticks():
    xs, ys = [0, 1, 2, 3], [10, 40, 20, 30]
    svg = figure(Curve("", xs, ys), x=Axis(whole=True), y=Axis(low=0, high=50)).svg()
    (run,) = drawn(svg)
    across, up = tick_places(svg, True), tick_places(svg, False)
    for x, y, (left, top) in zip(xs, ys, run, strict=True):
        assert left == pytest.approx(across[str(x)], abs=1)
        assert top == pytest.approx(up[str(y)], abs=1)


@pytest.mark.parametrize("scale", ["log", "exponent"])
def test_a_logarithmic_axis_makes_powers_straight(scale):
    ys = [10.0**k if scale == "log" else k for k in range(-9, 3)]
    (run,) = drawn(figure(Curve("", range(12), ys), y=Axis(scale=scale)).svg())
    steps = [b[1] - a[1] for a, b in pairwise(run)]
    assert max(steps) - min(steps) < 0.03
    assert steps[0] < -5


def test_gaps_part_the_line_and_a_lonely_point_is_a_dot():
    svg = SAMPLES["gaps"]().svg()
    curve = groups(svg, "curve")[0]
    assert [len(run) for run in drawn(svg)] == [2, 2, 2]
    assert len(list(curve.iter(f"{SVG}rect"))) == 2
    assert "Not drawn: 4 values that are not finite." in words(svg)
    assert any("3 values that are 0 or below" in text for text in words(svg))


def test_curves_stay_inside_the_ends_that_were_asked_for():
    svg = SAMPLES["cut"]().svg()
    ys = [y for run in drawn(svg) for _, y in run]
    frame = max(ys), min(ys)
    ticks = tick_places(svg, False)  # of the right panel, whose frame ends at −4 and 4
    assert frame[0] - frame[1] == pytest.approx(ticks["−4"] - ticks["4"], abs=1)
    for area in groups(svg, "band"):
        for path in area.iter(f"{SVG}path"):
            assert path.get("fill-opacity")
            ys = [y for run in points(path.get("d")) for _, y in run]
            assert frame[1] - 0.5 <= min(ys) <= max(ys) <= frame[0] + 0.5


def test_names_stand_in_the_order_of_the_ends():
    svg = SAMPLES["optimizers"]().svg()
    places = tick_places(svg, False)
    names = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]
    assert sorted(names, key=places.__getitem__) == names


@pytest.mark.parametrize("kind", ["list", "tuple", "range", "float32", "int8", "generator"])
def test_numbers_of_any_kind_are_taken(kind):
    values = {
        "list": [0, 1, 2], "tuple": (0, 1, 2), "range": range(3),
        "float32": np.arange(3, dtype=np.float32), "int8": np.arange(3, dtype=np.int8),
        "generator": (k for k in range(3)),
    }[kind]  # fmt: skip
    assert Curve("a", [1, 2, 3], values).y == (0.0, 1.0, 2.0)


def test_items_cannot_change():
    ys = [1.0, 2.0]
    curve = Curve("a", [0, 1], ys)
    ys[0] = 5.0
    assert curve.y == (1.0, 2.0)
    with pytest.raises(FrozenInstanceError):
        curve.y = (3.0, 4.0)


def test_whole_numbers_beyond_the_floats_are_infinite():
    assert Curve("a", [1, 2, 3], [10**400, -(10**400), None]).y[:2] == (math.inf, -math.inf)


@pytest.mark.parametrize("width", [360, 760])
def test_every_mark_and_rule_has_its_words(width):
    text = words(replace(SAMPLES["marks"](), width=width).svg())
    expected = [f"mark {k}" for k in range(0, 50, 7)] + ["threshold", "stopped", "too late"]
    assert [name for name in expected if name not in text] == []


# --- heat maps, bars, histograms ------------------------------------------------------------------


def test_cells_have_the_color_of_their_value():
    values = [[1e-4, 1e-2], [1.0, -1e-3]]
    svg = figure(HeatMap("v", values, "ab", "cd", "log")).svg()
    scale = Scale.over([-4, -2, 0, -3])
    colors = [path.get("fill") for path in groups(svg, "heatmap")[0].iter(f"{SVG}path")]
    expected = [scale.color(math.log10(abs(v))) for row in values for v in row]
    assert [color for color in colors if color != "none"] == expected
    assert "−0.001" in words(svg)


def test_zeros_and_unknown_cells_are_told_apart():
    text = words(SAMPLES["flow"]().svg())
    assert "Empty cells: exactly 0 (1)." in text
    assert "Struck cells: not a finite number (1)." in text


def test_large_heat_maps_keep_their_peaks():
    chance = random.Random(1)
    values = [[chance.uniform(-1, 1) for _ in range(2000)] for _ in range(400)]
    values[399][1999], values[7][1000] = -50.0, math.nan
    heat = HeatMap("v", values, range(400), range(2000), "log")
    (small,) = coarse(Panel(items=[heat]), 700).items
    assert len(small.rows) * len(small.columns) < 50_000
    down, across = small.cells
    for j, row in enumerate(small.values):
        for i in range(0, len(row), 97):
            block = [
                abs(v)
                for line in values[j * down : (j + 1) * down]
                for v in line[i * across : (i + 1) * across]
                if v == v
            ]
            assert abs(row[i]) == max(block)
    assert small.values[-1][-1] == -50.0
    assert f"Each cell shows the largest of {down} × {across} values." in words(figure(heat).svg())


def test_bars_start_at_zero_and_end_at_their_value():
    svg = figure(Bars("a", "xyz", [1, -2, 3])).svg()
    ticks = tick_places(svg, False)
    paths = [p for p in ET.fromstring(svg).iter(f"{SVG}path") if p.get("fill") == COLORS[0]]
    assert len(paths) == 3
    for path, value in zip(paths, ("1", "−2", "3"), strict=True):
        ys = sorted({y for run in points(path.get("d")) for _, y in run})
        unit = ticks["0"] - (ticks["2"] if "2" in ticks else ticks["1"])
        assert len(ys) == 2
        assert ys[1] - ys[0] == pytest.approx(unit / 2 * abs(float(value.translate(SMALL))), abs=2)


@pytest.mark.parametrize("width", [360, 760])
def test_bars_tell_all_their_numbers_or_none(width):
    text = words(replace(SAMPLES["bars"](), width=width).svg())
    assert {"3", "−1", "2", "−2.5", "1", "1.5", "0.7", "2.25", "0.0001", "10−14"} <= set(text)
    many = replace(SAMPLES["bars"](), panels=SAMPLES["bars"]().panels[-1:], width=width)
    assert len(words(many.svg())) < 60  # eighty bars have no room for any


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.integers(1, 12))
def test_histograms_count_as_numpy_does(values, bins):
    found = Histogram.of("h", values, bins)
    assert sum(found.counts) == len(values)
    exact = np.histogram(values, np.array(found.edges))[0]
    moved = np.abs(np.cumsum(exact) - np.cumsum(found.counts)).max()
    near = [v for v in values for e in found.edges if abs(v - e) < 1e-9 * (1 + abs(e))]
    assert moved <= len(near)  # only a value on an edge may count on either side


# --- contours -------------------------------------------------------------------------------------


def grid(function, low=-1.0, high=1.0, n=41):
    xs = [low + (high - low) * k / (n - 1) for k in range(n)]
    return xs, xs, [[function(x, y) for x in xs] for y in xs]


@pytest.mark.parametrize("radius", [0.2, 0.5, 0.9])
def test_the_contour_of_a_cone_is_a_circle(radius):
    (ring,) = contour_lines(*grid(lambda x, y: x * x + y * y), radius**2)
    assert ring[0] == ring[-1]
    assert all(abs(math.hypot(*point) - radius) < 1e-3 / radius for point in ring)
    length = sum(math.dist(a, b) for a, b in pairwise(ring))
    assert length == pytest.approx(2 * math.pi * radius, rel=0.01)


def test_the_contour_of_a_plane_is_its_line():
    (line,) = contour_lines(*grid(lambda x, y: 2 * x - y), 0.3)
    assert all(2 * x - y == pytest.approx(0.3) for x, y in line)
    assert {abs(line[0][1]), abs(line[-1][1])} == {1.0}


@given(st.integers(2, 7), st.integers(2, 7), st.randoms(use_true_random=False))
def test_every_crossed_edge_is_met_once(columns, rows, chance):
    values = [[chance.choice([-2.0, -1.0, 1.0, 2.0]) for _ in range(columns)] for _ in range(rows)]
    lines = contour_lines(range(columns), range(rows), values, 0.25)
    crossed = sum(a * b < 0 for row in values for a, b in pairwise(row))
    crossed += sum(a * b < 0 for upper, lower in pairwise(values)
                   for a, b in zip(upper, lower, strict=True))  # fmt: skip
    met = [point for line in lines for point in (line[:-1] if line[0] == line[-1] else line)]
    assert len(met) == len(set(met)) == crossed
    for line in lines:
        ends = [p for p in (line[0], line[-1]) if line[0] != line[-1]]
        assert all(x in (0, columns - 1) or y in (0, rows - 1) for x, y in ends)


def test_cells_with_unknown_corners_have_no_contour():
    xs, ys, values = grid(lambda x, y: x, n=5)
    values[2][2] = math.nan
    found = contour_lines(xs, ys, values, 0.1)
    assert sorted(len(line) for line in found) == [2, 2]


def test_levels_are_round_and_inside():
    shown = Contours.of("v", lambda x, y: x * x + y, (-1, 1), (0, 1), steps=10)
    levels = chosen_levels(shown)
    assert 5 <= len(levels) <= 12
    assert all(0 < level < 2 for level in levels)
    powers = Contours.of("v", lambda x, _: 10**x, (-4, 4), (0, 1), log=True, steps=8)
    decades = chosen_levels(powers)
    assert decades == pytest.approx([10.0**k for k in range(-4, 5)])


# --- the history of a training --------------------------------------------------------------------

HISTORY = {
    "loss": [0.9, 0.5, 0.4, 0.3],
    "accuracy": [0.5, 0.7, 0.8, 0.9],
    "val_loss": [0.9, 0.6, 0.5, 0.7],
    "val_accuracy": [0.5, 0.75, 0.7, 0.6],
    "learning_rate": [0.1, 0.1, 0.01, 0.01],
}


def test_the_history_marks_the_best_epoch_of_the_validation():
    shown = plot(range(4), HISTORY)
    assert [panel.title.plain() for panel in shown.panels] == ["loss", "accuracy", "learning_rate"]
    marks = [[m for m in panel.items if isinstance(m, Marker)] for panel in shown.panels]
    assert [[(m.words.plain(), m.x, m.y) for m in found] for found in marks] == [
        [("best 0.5, epoch 3", 3, 0.5)],
        [("best 0.75, epoch 2", 2, 0.75)],
        [],
    ]
    svg = shown.svg()
    assert faults(svg) == []
    ring = [r for r in groups(svg, "marker")[0].iter(f"{SVG}rect") if r.get("stroke")][-1]
    middle = float(ring.get("x")) + float(ring.get("width")) / 2
    validation = next(path for path in groups(svg, "curve")[1].iter(f"{SVG}path"))
    assert middle == pytest.approx(points(validation.get("d"))[0][2][0], abs=0.1)


def test_the_history_of_chosen_names_is_written(tmp_path):
    file = tmp_path / "curves.svg"
    shown = plot(range(4), HISTORY, file, ["val_accuracy", "accuracy"], "dark")
    assert [panel.title.plain() for panel in shown.panels] == ["accuracy"]
    assert file.read_text(encoding="utf-8") == shown.svg("dark")
    with pytest.raises(UsageError, match=r"'acuracy' was not recorded; did you mean accuracy\?"):
        plot(range(4), HISTORY, keys=["acuracy"])


@pytest.mark.parametrize(
    ("epochs", "history", "description"),
    [
        ([], {}, "Nothing was recorded."),
        ([0], {"loss": [0.5]}, "loss: best 0.5 in epoch 1 of 1, at the end 0.5."),
        ([0, 1], {"loss": [math.nan] * 2}, "loss: no finite value."),
        ([0, 1], {"odd": [1.0, 2.0]}, "odd: from 1 to 2."),
        ([5, 6], {"val_loss": [1.0, 2.0]},
         "loss: best 1 on the validation data in epoch 6 of 7, at the end 2."),
        (range(9), {"loss": range(9), "val_loss": [3, 2, 1]},
         "loss: best 1 on the validation data in epoch 9 of 9, at the end 1."),
    ],
)  # fmt: skip
def test_histories_of_every_length_are_told(epochs, history, description):
    shown = plot(epochs, history)
    assert shown.description == description
    assert faults(shown.svg()) == []


def test_epochs_that_are_known_are_taken():
    shown = plot(range(10), {"loss": range(10), "val_loss": [2, 1]}, seen={"val_loss": [4, 9]})
    assert shown.panels[0].items[1].x == (5.0, 10.0)


# --- what cannot be drawn -------------------------------------------------------------------------

REFUSED = {
    "lengths": (lambda: Curve("c", [1, 2], [1]), "x has 2, y has 1"),
    "no numbers": (lambda: Curve("c", ["a"], [1]), "row of numbers"),
    "band": (lambda: Band("b", [1], [1, 2], [1]), "low has 2"),
    "region": (lambda: Region("r", [1], []), "y has 0"),
    "bars": (lambda: Bars("b", ["x"], [1, 2]), "categories has 1"),
    "edges": (lambda: Histogram("h", [0, 0], [1]), "edges that rise"),
    "bins": (lambda: Histogram.of("h", [1], 0), "bins must be 1 to 1000"),
    "table": (lambda: HeatMap("h", [[1]], ["a"], ["b", "c"]), "1 rows and 2 columns"),
    "heat scale": (lambda: HeatMap("h", [[1]], "a", "b", "square"), "linear, log, exponent"),
    "grid": (lambda: Contours("c", [0, 1], [0, 1], [[1, 2]]), "2 rows of 2"),
    "falling grid": (lambda: Contours("c", [1, 0], [0, 1], [[1, 2], [1, 2]]), "x must be finite"),
    "scale": (lambda: Axis(scale="square"), "linear, log, exponent"),
    "ends": (lambda: Axis(low=2, high=1), "low below high"),
    "infinite end": (lambda: Axis(low=math.nan), "must be finite"),
    "log end": (lambda: Axis(scale="log", low=0), "positive ends"),
    "rule": (lambda: Rule("r"), "one of them"),
    "two rules": (lambda: Rule("r", 1, 2), "one of them"),
    "mixed": (
        lambda: Panel(items=[HeatMap("h", [[1]], "a", "b"), Bars("b", "a", [1])]),
        "panels of their own",
    ),
    "other bars": (lambda: Panel(items=[Bars("a", "x", [1]), Bars("b", "y", [1])]), "same"),
    "width": (lambda: Figure("f", width=10), "320 to 2400"),
    "columns": (lambda: Figure("f", columns=0), "1 or more"),
    "share": (lambda: Figure("f", share="z"), "'x', 'y' or 'xy'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_refused(case):
    build, complaint = REFUSED[case]
    with pytest.raises(UsageError, match=re.escape(complaint)):
        build()
