"""Figures of every kind, easy and nasty, for the tests that read them back."""

import math

from autograd_lab.pictures.labels import Label
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

NAN, INF = math.nan, math.inf


def noise(k):
    """Numbers between -1 and 1 that look like chance and are always the same."""
    return 2 * math.modf(abs(math.sin(12.9898 * k) * 43758.5453))[0] - 1


def bell(k):
    return sum(noise(12 * k + i) for i in range(12)) / 2


EPOCHS = range(1, 31)


def training():
    loss = [0.08 + 2.2 * math.exp(-k / 6) + 0.02 * noise(k) for k in EPOCHS]
    validation = [0.30 + 2.0 * math.exp(-k / 5) + 0.012 * max(k - 14, 0) for k in EPOCHS]
    best = min(range(30), key=validation.__getitem__)
    accuracy = [0.98 - 0.7 * math.exp(-k / 5) for k in EPOCHS]
    held_out = [0.91 - 0.6 * math.exp(-k / 4) - 0.002 * max(k - 14, 0) for k in EPOCHS]
    epochs = Axis("epoch", whole=True)
    return Figure(
        "Training and validation",
        (
            Panel(
                "loss", epochs, Axis(),
                (
                    Curve("training", EPOCHS, loss),
                    Curve("validation", EPOCHS, validation),
                    Marker(f"best {validation[best]:.3f}, epoch {best + 1}", best + 1,
                           validation[best]),
                ),
            ),
            Panel(
                "accuracy", epochs, Axis(),
                (Curve("training", EPOCHS, accuracy), Curve("validation", EPOCHS, held_out),
                 Rule("chance", y=0.1)),
            ),
        ),
        "The validation loss is lowest long before the training loss.",
    )  # fmt: skip


def optimizers():
    names = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
    steps = range(0, 200, 4)
    items = []
    for n, name in enumerate(names):
        mean = [2.3 * math.exp(-(k + 5) * (n + 2) / 900) for k in steps]
        items += [
            Band(name, steps, [0.85 * m for m in mean], [1.15 * m for m in mean]),
            Curve(name, steps, mean),
        ]
    return Figure(
        "Six optimizers, five seeds each",
        (Panel("", Axis("step"), Axis("training loss", "log"), items),),
        "Adam is fastest at the common rate.",
        "Lines are means, areas one standard deviation to either side.",
        columns=1,
    )


def crowd():
    xs = range(20)
    items = [Curve(f"layer {n}", xs, [1 + 0.001 * n + 0.0001 * x for x in xs]) for n in range(9)]
    return Figure(
        "Nine curves that end on one spot", (Panel("", Axis("epoch"), Axis("rms"), items),)
    )


def many():
    xs = range(40)
    items = [Curve(f"run number {n}", xs, [math.sin(x / 9 + n / 4) for x in xs]) for n in range(26)]
    return Figure(
        "Too many curves for names at their ends", (Panel("", Axis("x"), Axis("y"), items),)
    )


def gaps():
    xs = range(12)
    ys = [1, 2, NAN, 4, None, 6, 5, INF, 3, -INF, 2, 1]
    return Figure(
        "Gaps",
        (
            Panel("linear", Axis("x"), Axis("y"), (Curve("with holes", xs, ys),)),
            Panel("logarithmic", Axis("x"), Axis("y", "log"),
                  (Curve("with zeros", xs, [10.0**-k if k % 4 else 0 for k in xs]),)),
            Panel("late start", Axis("x"), Axis("y"),
                  (Curve("late", xs, [NAN] * 8 + [3, 2, 2, 1]),)),
        ),
    )  # fmt: skip


def empty():
    return Figure(
        "Nothing to see",
        (
            Panel("no items", Axis("x"), Axis("y")),
            Panel("no points", Axis("x"), Axis("y"), (Curve("nothing", [], []),)),
            Panel("no numbers", Axis("x"), Axis("y", "log"), (Curve("nan", [1, 2], [NAN, NAN]),)),
            Panel("no bars", items=(Bars("none", [], []),)),
            Panel("no cells", items=(HeatMap("size", [], [], []),)),
            Panel("zeros only", items=(HeatMap("size", [[0, 0]], ["a"], ["b", "c"], "log"),)),
        ),
    )


def single():
    return Figure(
        "One point, one value",
        (
            Panel("one point", Axis("epoch", whole=True), Axis("loss"),
                  (Curve("loss", [1], [0.5]),)),
            Panel("constant", Axis("x"), Axis("y"), (Curve("flat", range(9), [0.1] * 9),)),
            Panel("constant zero", Axis("x"), Axis("y"), (Curve("zero", range(9), [0.0] * 9),)),
            Panel("constant, logarithmic", Axis("x"), Axis("y", "log"),
                  (Curve("flat", range(9), [1e-7] * 9),)),
            Panel("one bar", items=(Bars("one", ["only"], [3]),)),
            Panel("one cell", items=(HeatMap("value", [[2.5]], ["row"], ["column"]),)),
        ),
    )  # fmt: skip


def ranges():
    xs = range(1, 21)
    return Figure(
        "From very small to very large",
        (
            Panel("10⁻⁸⁰ to 10¹²⁰", Axis("layer"), Axis("rms", "log"),
                  (Curve("gradient", xs, [10.0 ** (10 * k - 90) for k in xs]),)),
            Panel("beyond the floats", Axis("layer"), Axis("rms", "exponent"),
                  (Curve("gradient", xs, [-400.0 * k for k in xs]),)),
            Panel("linear, tiny", Axis("x"), Axis("y"),
                  (Curve("tiny", xs, [k * 1.3e-13 for k in xs]),)),
            Panel("linear, huge", Axis("x"), Axis("y"),
                  (Curve("huge", xs, [(k - 10) * 1.7e307 for k in xs]),)),
            Panel("large and close", Axis("x"), Axis("y"),
                  (Curve("offset", xs, [1e6 + k * 1e-3 for k in xs]),)),
            Panel("within a decade", Axis("x", "log"), Axis("y", "log"),
                  (Curve("narrow", xs, [0.31 + 0.001 * k for k in xs]),)),
            Panel("smallest float", Axis("x"), Axis("y"), (Curve("tiny", xs, [5e-324] * 20),)),
            Panel("two decades", Axis("x", "log"), Axis("y", "log"),
                  (Curve("power", xs, [k**1.5 for k in xs]),)),
        ),
    )  # fmt: skip


def dense():
    n = 100_000
    ys = [math.sin(k / 9000) + 0.2 * noise(k) for k in range(n)]
    ys[70_000] = 5.0
    items = (Curve("noisy", range(n), ys),)
    return Figure("A hundred thousand points", (Panel("", Axis("step"), Axis("loss"), items),))


def flow():
    layers = [f"hidden {n}" for n in range(20, 0, -1)]
    values = [
        [10.0 ** (-(20 - j) * 1.1 * math.exp(-i / 12) - 1) for i in range(30)] for j in range(20)
    ]
    values[4][7] = 0.0
    values[9][20] = NAN
    return Figure(
        "The gradient reaches the first layers only late",
        (Panel("", Axis("epoch"), Axis("layer"),
               (HeatMap("rms of ∂C/∂z", values[::-1], layers, range(1, 31), "log"),)),),
        columns=1,
    )  # fmt: skip


def signs():
    values = [[(-1) ** (i * j) * 10.0 ** (i - j) for i in range(6)] for j in range(5)]
    linear = [[i * j - 3.5 for i in range(4)] for j in range(4)]
    return Figure(
        "Heat maps with signs and numbers",
        (
            Panel("sizes and signs", Axis("to"), Axis("from"),
                  (HeatMap("weight", values, "abcde", "uvwxyz", "log"),)),
            Panel("linear", Axis("column"), Axis("row"),
                  (HeatMap("value", linear, "pqrs", "1234"),)),
            Panel("beyond the floats", Axis("epoch"), Axis("layer"),
                  (HeatMap("product", [[-4000, -2000.5, -INF], [-10, 0, NAN]], ["first", "last"],
                           [1, 2, 3], "exponent"),)),
        ),
    )  # fmt: skip


def valley():
    path = [(-1.4, 1.8)]
    for _ in range(40):
        x, y = path[-1]
        path.append((x - 0.09 * 2 * x, y - 0.09 * 2 * 10.3 * y))
    ball = [(0.5 * math.cos(t / 20), 0.5 * math.sin(t / 20)) for t in range(126)]
    return Figure(
        "Steepest descent crosses the valley",
        (
            Panel("w₁ and w₂", Axis("w₁"), Axis("w₂"),
                  (Contours.of("cost", lambda x, y: x * x + 10.3 * y * y, (-2, 2), (-2, 2)),
                   Curve("sgd", *zip(*path, strict=True), marked=True),
                   Marker("start", *path[0]), Marker("optimum", 0, 0))),
            Panel("saddle with a ball", Axis("w₁"), Axis("w₂"),
                  (Contours.of("cost", lambda x, y: x * x - y * y, (-1, 1), (-1, 1)),
                   Region("ball", *zip(*ball, strict=True)),
                   Curve("path", [0.02, 0.1, 0.3, 0.5], [0.9, 0.5, 0.2, 0.05], arrow=True)),
                  square=True),
        ),
    )  # fmt: skip


def banana():
    def cost(x, y):
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2 + 1e-6

    return Figure(
        "Rosenbrock's valley",
        (Panel("", Axis("x"), Axis("y"),
               (Contours.of("cost", cost, (-2, 2), (-1, 3), log=True), Marker("minimum", 1, 1))),),
        columns=1,
    )  # fmt: skip


def bars():
    names = ["sigmoid, N(0, 1)", "tanh, Glorot", "relu, He", "selu, LeCun"]
    long = [f"{name} with a rather long name that goes on and on" for name in names]
    return Figure(
        "Bars",
        (
            Panel("", Axis(), Axis("accuracy"),
                  (Bars("training", names, [0.31, 0.92, 0.97, 0.95]),
                   Bars("test", names, [0.30, 0.90, 0.93, 0.94], [0.28, 0.88, 0.92, 0.93],
                        [0.33, 0.91, 0.95, 0.95]))),
            Panel("on their side", Axis("seconds"), Axis(),
                  (Bars("time", long, [1.5, 0.7, 2.25, NAN]),), horizontal=True),
            Panel("below zero", Axis(), Axis("change"),
                  (Bars("change", "abcdef", [3, -1, 2, -2.5, 0, 1]),)),
            Panel("logarithmic", Axis("rms", "log"), Axis(),
                  (Bars("rms", [f"layer {n}" for n in range(8)],
                        [10.0 ** (-2 * n) for n in range(8)]),),
                  horizontal=True),
            Panel("very many", Axis("unit"), Axis("activity"),
                  (Bars("activity", range(80), [abs(noise(k)) for k in range(80)]),)),
        ),
    )  # fmt: skip


def histograms():
    return Figure(
        "Weights before and after",
        (
            Panel("", Axis("weight"), Axis("count"),
                  (Histogram.of("before", [bell(k) for k in range(2000)]),
                   Histogram.of("after", [0.4 * bell(k) + 1 for k in range(2000)]))),
            Panel("logarithmic counts", Axis("weight"), Axis("count", "log"),
                  (Histogram.of("before", [bell(k) for k in range(2000)]),)),
        ),
    )  # fmt: skip


def points():
    groups = [
        Scatter(
            name,
            [bell(k + 99 * n) + 2 * n for k in range(60)],
            [bell(k + 400 + 99 * n) for k in range(60)],
        )
        for n, name in enumerate(("class 0", "class 1", "class 2"))
    ]
    return Figure(
        "Three classes", (Panel("", Axis("feature 1"), Axis("feature 2"), groups),), columns=1
    )


def small_multiples():
    xs = [k / 10 for k in range(-50, 51)]
    functions = {
        "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "tanh": math.tanh, "relu": lambda x: max(x, 0),
        "softplus": lambda x: math.log1p(math.exp(x)),
        "elu": lambda x: x if x > 0 else math.expm1(x),
        "sign": lambda x: math.copysign(1, x) if x else 0.0,
    }  # fmt: skip
    panels = [
        Panel(name, Axis("z"), Axis("φ(z)"), (Curve("", xs, [f(x) for x in xs]),))
        for name, f in functions.items()
    ]
    return Figure("Activations", panels, columns=3, width=1000, share="xy")


def words():
    long = (
        "a name so long that no panel of any width could hold it without cutting it somewhere " * 2
    )
    xs = range(5)
    return Figure(
        long,
        (
            Panel(long, Axis(long), Axis(long),
                  (Curve(long + "1", xs, xs), Curve(long + "2", xs, [4 - x for x in xs]),
                   Marker(long, 2, 2), Rule(long, y=3), Rule(long, x=1))),
            Panel(Label.of("∂C/∂w", sub="1"), Axis("w₁"), Axis("∂C/∂w₁"),
                  (Curve("gradient of w₁", xs, [x * x for x in xs]),)),
            Panel("rows", Axis(long), Axis(long),
                  (HeatMap(long, [[1, 2], [3, 4]], [long, "b"], [long, "d"]),)),
        ),
        caption=long,
    )  # fmt: skip


def marks():
    xs = range(50)
    ys = [math.exp(-x / 10) for x in xs]
    return Figure(
        "Many marks on one curve",
        (Panel("", Axis("epoch"), Axis("loss"),
               (Curve("loss", xs, ys), *(Marker(f"mark {k}", k, ys[k]) for k in range(0, 50, 7)),
                Rule("threshold", y=0.3), Rule("stopped", x=20), Rule("too late", x=22))),),
    )  # fmt: skip


def cut():
    xs = [k / 50 for k in range(-200, 201)]
    return Figure(
        "Ends that were asked for",
        (
            Panel("1/x", Axis("x", low=-2, high=2), Axis("y", low=-5, high=5),
                  (Curve("1/x", xs, [1 / x if x else NAN for x in xs]),)),
            Panel("tan", Axis("x", low=-3, high=3), Axis("y", low=-4, high=4),
                  (Curve("tan", xs, [math.tan(x) for x in xs]),
                   Band("tan", xs, [-abs(x) * 2 for x in xs], [abs(x) * 2 for x in xs]))),
        ),
    )  # fmt: skip


SAMPLES = {
    function.__name__: function
    for function in (
        training, optimizers, crowd, many, gaps, empty, single, ranges, dense, flow, signs, valley,
        banana, bars, histograms, points, small_multiples, words, marks, cut,
    )
}  # fmt: skip
