"""Diagrams: labels, colours, ranks, and a layout in which nothing touches what it should not."""

import math
import subprocess
import sys
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_samples import SAMPLES

from autograd_lab.errors import UsageError
from autograd_lab.pictures import (
    Arrow,
    Box,
    Diagram,
    Label,
    Scale,
    TooLargeError,
    available_engine,
    engines,
    style,
    variable,
)
from autograd_lab.pictures.layered import Problem, legal, place, spread
from autograd_lab.pictures.layout import ROW_LENGTH, layout
from autograd_lab.pictures.measure import clean, fitted, label_width
from autograd_lab.pictures.ranks import effort, folded, ranked


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("b1", [("b", ""), ("1", "sub")]),
        ("w12", [("w", ""), ("12", "sub")]),
        ("w_12", [("w", ""), ("12", "sub")]),
        ("x_ab", [("x", ""), ("ab", "sub")]),
        ("lambda_1", [("λ", ""), ("1", "sub")]),
        ("beta", [("β", "")]),
        ("x_beta", [("x", ""), ("β", "sub")]),
        ("w1_2", [("w", ""), ("1,2", "sub")]),
        ("Gamma", [("Γ", "")]),
        ("gain", [("gain", "")]),
        ("_x", [("_x", "")]),
        ("x_", [("x_", "")]),
        ("a1b2", [("a1b2", "")]),
        ("", []),
    ],
)
def test_a_name_becomes_mathematics(name, runs):
    assert list(variable(name).runs) == runs


def test_labels_join_their_runs():
    assert (Label.of("a") + "b" + Label.of("", sub="1")).runs == (("ab", ""), ("1", "sub"))
    assert ("∂C/∂" + variable("b1")).plain() == "∂C/∂b₁"
    assert Label.of("x", sub="qz").plain() == "x_(qz)"
    assert Label.text("10⁻⁴").runs == (("10", ""), ("−4", "sup"))


def test_text_is_readable_on_every_color_of_the_scale():
    colors = [style.scale_color(k / 1000) for k in range(1001)]
    assert min(style.contrast(color, style.text_on(color)) for color in colors) >= 4.5


def test_the_scale_rises_in_luminance():
    lights = [style.luminance(style.scale_color(k / 100)) for k in range(101)]
    assert lights == sorted(lights)


@pytest.mark.parametrize("theme", [style.LIGHT, style.DARK])
def test_words_and_lines_of_a_theme_stand_out(theme):
    for ink in (theme.ink, theme.muted, theme.accent):
        assert style.contrast(ink, theme.paper) >= 4.5
    assert style.contrast(theme.ink, theme.surface) >= 4.5
    assert style.contrast(theme.casing, theme.paper) >= 3


@pytest.mark.parametrize("low_high", [(-4, 0), (-300, 0), (0, 1), (-17, 3), (-1, 300)])
def test_ticks_are_few_whole_and_inside(low_high):
    ticks = Scale(*low_high).ticks()
    assert 2 <= len(ticks) <= 7
    assert ticks[0] == low_high[0]
    assert ticks[-1] <= low_high[1]
    assert len({b - a for a, b in pairwise(ticks)}) == 1


def test_a_scale_needs_a_finite_magnitude():
    assert Scale.over([math.nan, -math.inf]) is None
    assert Scale.over([0.0, math.inf]) == Scale(-1, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\0b", "a\N{REPLACEMENT CHARACTER}b"), ("\ud800", "\N{REPLACEMENT CHARACTER}"),
     ("a\n\tb", "a  b"), ("\N{RIGHT-TO-LEFT OVERRIDE}", "\N{REPLACEMENT CHARACTER}"),
     ("σ′(z₁)", "σ′(z₁)")],
)  # fmt: skip
def test_unsafe_characters_show_as_such(text, shown):
    assert clean(text) == shown


@pytest.mark.parametrize("text", ["w" * 10_000, "日本" * 50, "x" * 20])
def test_a_label_fits_its_limit(text):
    cut = fitted(Label.of("a") + Label.of(text, sub=text), 12, 80)
    assert label_width(cut, 12) <= 80
    assert cut.plain().endswith("…")


EDGES = st.lists(
    st.tuples(st.integers(0, 13), st.integers(0, 13)).filter(lambda e: e[0] < e[1]), max_size=24
)


@given(EDGES)
def test_ranks_go_up_along_every_edge(edges):
    rank = ranked(14, edges)
    assert all(rank[tail] < rank[head] for tail, head in edges)
    assert effort(rank, edges) >= 14


def test_a_cycle_is_refused():
    with pytest.raises(UsageError, match="cycle"):
        ranked(3, [(0, 1), (1, 2), (2, 1)])


def test_folding_prefers_cuts_between_groups_and_where_few_edges_pass():
    even, free = [10.0] * 6, [False] * 5
    assert folded(even, 60, [1] * 5, free) == [0] * 6
    assert folded(even, 35, [1] * 5, free) == [0, 0, 0, 1, 1, 1]
    assert folded(even, 45, [1] * 5, [True, False, True, True, True])[:3] == [0, 0, 1]
    assert folded(even, 45, [9, 9, 9, 1, 9], free) == [0, 0, 0, 0, 1, 1]
    assert folded([50.0, 50.0], 10, [1], [False]) == [0, 1]


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0, 9), st.floats(0.1, 5)), min_size=1))
def test_spread_keeps_its_distances_and_cannot_be_improved(rows):
    wish, gaps, weights = (list(column) for column in zip(*rows, strict=True))
    at = spread(wish, gaps[1:], weights)

    def cost(places):
        rows = zip(places, wish, weights, strict=True)
        return sum(weight * (y - goal) ** 2 for y, goal, weight in rows)

    assert all(b - a >= gap - 1e-9 for a, b, gap in zip(at, at[1:], gaps[1:], strict=False))
    for k in range(len(at)):  # no feasible step of a tail or a head of the row lowers the cost
        for step in (1e-3, -1e-3):
            for moved in (
                [*at[:k], *(y + step for y in at[k:])],
                [y + step for y in at[:k]] + at[k:],
            ):
                pairs = zip(moved, moved[1:], gaps[1:], strict=False)
                if all(b - a >= gap - 1e-12 for a, b, gap in pairs):
                    assert cost(moved) >= cost(at) - 1e-9


def test_our_own_layout_untangles_a_crossing():
    crossed = Problem((0, 0, 1, 1), (10.0,) * 4, ((0, 3, 1), (1, 2, 1)))
    y = place(crossed)
    assert (y[0] < y[1]) == (y[3] < y[2])
    assert legal(crossed, y) == pytest.approx(y)


def diagram_of(edges, labels=True, direction="LR", count=14):
    boxes = tuple(
        Box(str(k), variable(f"v{k}"), (Label.text("0.1234"),) * (k % 3), magnitude=-k / 3)
        for k in range(count)
    )
    arrows = tuple(
        Arrow(str(a), str(b), Label.text(f"0.{a}{b}") if labels else Label(), weakest=a == 3)
        for a, b in edges
    )
    return Diagram("t", boxes=boxes, arrows=arrows, direction=direction)


def points(stroke):
    """Points along a stroke, closely spaced."""
    x0, y0 = stroke[0][-1]
    for piece in stroke[1:]:
        for k in range(1, 41):
            t = k / 40
            if len(piece) == 1:
                (x1, y1) = piece[0]
                yield x0 + t * (x1 - x0), y0 + t * (y1 - y0)
            else:
                weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                corners = ((x0, y0), *piece)
                yield tuple(
                    sum(w * c[axis] for w, c in zip(weights, corners, strict=True))
                    for axis in (0, 1)
                )
        x0, y0 = piece[-1]


def inside(rect, x, y):
    return rect.left + 0.5 < x < rect.right - 0.5 and rect.top + 0.5 < y < rect.bottom - 0.5


def assert_nothing_touches(found):
    """No two rectangles meet, all lie in the picture, and no line runs through any of them."""
    rects = [*found.boxes, *(rect for rect in found.labels if rect)]
    for rect in rects:
        assert min(rect.left, rect.top) >= -0.02
        assert rect.right <= found.width + 0.02
        assert rect.bottom <= found.height + 0.02
    for a, b in combinations(rects, 2):
        apart_x = abs(a.x - b.x) >= (a.width + b.width) / 2
        assert apart_x or abs(a.y - b.y) >= (a.height + b.height) / 2
    for strokes in found.strokes:
        for stroke in strokes:
            for x, y in points(stroke):
                assert not any(inside(rect, x, y) for rect in rects)


@given(EDGES, st.booleans(), st.sampled_from(["LR", "TB"]), st.sampled_from([500.0, 5_000.0]))
def test_no_box_label_or_line_touches_another(edges, labels, direction, limit):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ROW_LENGTH, direction, limit)
        found = layout(diagram_of(edges, labels, direction), "builtin")
    assert_nothing_touches(found)


@pytest.mark.parametrize("engine", ["auto", "builtin"])
@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_touches_in_the_samples(name, engine):
    assert_nothing_touches(layout(SAMPLES[name](), engine))


def test_the_check_for_touching_can_fail():
    found = layout(diagram_of([(0, 1)]), "builtin")
    found.boxes[0].__dict__["width"] += 400
    with pytest.raises(AssertionError):
        assert_nothing_touches(found)


def test_every_line_ends_at_its_head_and_starts_at_its_tail():
    diagram = SAMPLES["network"]()
    found = layout(diagram, "builtin")
    at = {box.id: rect for box, rect in zip(diagram.boxes, found.boxes, strict=True)}
    for arrow, strokes in zip(diagram.arrows, found.strokes, strict=True):
        (x0, y0), (x1, y1) = strokes[0][0][-1], strokes[-1][-1][-1]
        tail, head = at[arrow.tail], at[arrow.head]
        assert x0 == pytest.approx(tail.right, abs=0.02)
        assert x1 == pytest.approx(head.left, abs=0.02)
        assert tail.top < y0 < tail.bottom
        assert head.top < y1 < head.bottom


def test_a_long_chain_is_folded_between_its_neurons():
    found = layout(SAMPLES["deep"](), "builtin")
    assert found.bands > 5
    assert found.width < 2_000
    tops = {name.group: set() for name in SAMPLES["deep"]().boxes}
    for box, rect in zip(SAMPLES["deep"]().boxes, found.boxes, strict=True):
        tops[box.group].add(rect.x)
    assert all(len(xs) > 1 for xs in tops.values())


@pytest.mark.parametrize(
    ("boxes", "arrows", "said"),
    [
        ((Box("a", Label()), Box("a", Label())), (), "twice"),
        ((Box("a", Label()),), (Arrow("a", "zz"),), "'zz'"),
        ((Box("a", Label()),), (Arrow("a", "a"),), "cycle"),
    ],
)
def test_a_broken_diagram_is_refused(boxes, arrows, said):
    with pytest.raises(UsageError, match=said):
        layout(Diagram("t", boxes=boxes, arrows=arrows), "builtin")


def test_the_budget_counts_boxes_and_long_edges():
    boxes = tuple(Box(str(k), Label.of("x")) for k in range(900))
    path = tuple(Arrow(str(k), str(k + 1)) for k in range(899))
    with pytest.raises(TooLargeError, match="900 boxes") as caught:
        layout(Diagram("t", boxes=boxes, arrows=(*path, Arrow("0", "899"))), "builtin")
    assert (caught.value.boxes, caught.value.arrows) == (900, 900)
    assert caught.value.effort == 900 + 898
    many = tuple(Arrow("0", "1") for _ in range(3_001))
    with pytest.raises(TooLargeError):
        layout(Diagram("t", boxes=boxes, arrows=many), "builtin")


def test_an_empty_diagram_is_a_layout():
    found = layout(Diagram("nothing"), "builtin")
    assert (found.boxes, found.width, found.height) == ((), 0.0, 0.0)


PAIR = [Problem((0, 1), (10.0, 10.0), ((0, 1, 1),))]


def test_an_unknown_engine_is_named():
    with pytest.raises(UsageError, match="graphviz"):
        engines.placed(PAIR, "paint")


def test_the_engine_in_use_can_be_asked():
    assert available_engine().engine in ("graphviz", "dot", "builtin")


def test_graphviz_and_our_layout_agree_on_columns():
    problem = Problem((0, 0, 1), (30.0, 30.0, 30.0), ((0, 2, 1), (1, 2, 1)))
    for engine in ("auto", "builtin"):
        y = engines.placed([problem, problem], engine).places
        assert y[0] == y[1]
        assert abs(y[0][0] - y[0][1]) >= 30
        assert min(y[0][:2]) < y[0][2] < max(y[0][:2])


def test_without_programs_our_layout_takes_over_and_says_why(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    found = engines.placed(PAIR)
    assert found.engine == "builtin"
    assert "pygraphviz" in found.notes[0]
    assert "PATH" in found.notes[1]
    for engine in ("graphviz", "dot"):
        with pytest.raises(engines.MissingToolError):
            engines.placed(PAIR, engine)


def worker(monkeypatch, tmp_path, source):
    script = tmp_path / "layout_worker.py"
    script.write_text(source)
    monkeypatch.setattr(engines, "find_spec", lambda name: object())
    monkeypatch.setattr(engines, "__file__", str(tmp_path / "engines.py"))
    monkeypatch.setenv("PATH", "")


def test_a_hanging_layout_process_is_killed(monkeypatch, tmp_path):
    worker(monkeypatch, tmp_path, "import time\ntime.sleep(60)\n")
    monkeypatch.setattr(engines, "TIME_LIMIT", 0.3)
    with pytest.raises(engines.LayoutError, match=r"stopped after 0\.3 s"):
        engines.placed(PAIR, "graphviz")
    assert engines.placed(PAIR).engine == "builtin"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import sys\nsys.stderr.write('Fontconfig noise\\nreal\\nFontconfig x\\n')\nsys.exit(3)",
         "status 3: real"),
        ("print('no json')", "JSON"),
        ("print('[]')", "0 came back"),
        ("print('[\"graph 1 1 1\"]')", "came back with 0"),
    ],
)  # fmt: skip
def test_a_failing_layout_process_is_reported(monkeypatch, tmp_path, source, said):
    worker(monkeypatch, tmp_path, source)
    with pytest.raises(engines.LayoutError, match=said):
        engines.placed(PAIR, "graphviz")


def test_noise_on_stderr_alone_is_no_failure(monkeypatch, tmp_path):
    plain = "graph 1 1 1\\nnode n0 0 0 1 1\\nnode n1 1 0 1 1\\nstop"
    worker(
        monkeypatch,
        tmp_path,
        f"import sys, json\nsys.stderr.write('Fontconfig')\nprint(json.dumps(['{plain}']))",
    )
    assert engines.placed(PAIR, "graphviz").places == ((0.0, 0.0),)


def test_importing_pictures_imports_nothing_heavy():
    code = (
        "import sys, autograd_lab.pictures\n"
        "heavy = set('graphviz pygraphviz ziafont numpy reportlab resvg_py sympy'.split())\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
