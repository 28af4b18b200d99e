"""Diagrams made by hand, with gradients from a ten-line tape that knows nothing of the engine."""

import math
from dataclasses import dataclass, field
from itertools import pairwise

from autograd_lab.pictures import Arrow, Box, Diagram, Label, variable


@dataclass
class Tape:
    """Scalars with parents and local derivatives; boxes and arrows are read from it at the end."""

    rows: list = field(
        default_factory=list
    )  # id, title, kind, value, group, [(parent, slope, text)]
    values: dict = field(default_factory=dict)

    def leaf(self, name, value, kind="parameter", group=""):
        self.rows.append((name, variable(name), kind, value, group, []))
        self.values[name] = value
        return name

    def op(self, name, title, value, parents, kind="operation", group=""):
        self.rows.append((name, title, kind, value, group, parents))
        self.values[name] = value
        return name

    def mul(self, name, a, b, title=None, group=""):
        va, vb = self.values[a], self.values[b]
        parents = [(a, vb), (b, va)]
        return self.op(
            name, title or variable(a) + "·" + variable(b), va * vb, parents, group=group
        )

    def add(self, name, a, b, title=None, group=""):
        value = self.values[a] + self.values[b]
        parents = [(a, 1.0), (b, 1.0)]
        return self.op(name, title or variable(name), value, parents, group=group)

    def sigmoid(self, name, a, title=None, group=""):
        y = 1 / (1 + math.exp(-self.values[a]))
        return self.op(name, title or variable(name), y, [(a, y * (1 - y))], group=group)

    def half_square(self, name, a, y, group=""):
        d = self.values[a] - self.values[y]
        parents = [(a, d), (y, -d)]
        title = "C = ½(" + variable(a) + " − " + variable(y) + ")²"
        return self.op(name, title, d * d / 2, parents, kind="output", group=group)

    def adjoints(self, output):
        found = {row[0]: 0.0 for row in self.rows}
        found[output] = 1.0
        for name, *_, parents in reversed(self.rows):
            for parent, slope in parents:
                found[parent] += found[name] * slope
        return found

    def diagram(self, output, path=(), **words):
        gradient = self.adjoints(output)
        on_path = list(pairwise(path))
        slopes = {(p, r[0]): abs(s) for r in self.rows for p, s in r[-1]}
        weakest = min(on_path, key=lambda edge: slopes[edge], default=None)
        boxes, arrows = [], []
        for name, title, kind, value, group, parents in self.rows:
            g = gradient[name]
            lines = (Label.text(number(value)), "∂" + Label.text(" = " + number(g)))
            boxes.append(
                Box(
                    name, title, lines, kind, math.log10(abs(g)) if g else None, sign(g),
                    emphasized=name in path, tooltip=f"gradient {g!r}", group=group,
                )
            )  # fmt: skip
            for parent, slope in parents:
                flow = abs(g * slope)
                arrows.append(
                    Arrow(
                        parent, name, Label.text(number(slope)),
                        math.log10(flow) if flow else None, sign(slope),
                        emphasized=(parent, name) in on_path, weakest=(parent, name) == weakest,
                    )
                )  # fmt: skip
        return Diagram(boxes=tuple(boxes), arrows=tuple(arrows), **words)


def sign(value):
    return (value > 0) - (value < 0)


def number(value):
    if value == int(value):
        return str(int(value)).replace("-", "−")
    text = f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"
    if "e" in text:
        digits, power = text.split("e")
        superscript = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
        text = f"{digits}·10{str(int(power)).translate(superscript)}"
    return text.replace("-", "−")


def chain(n=4, w=None, b=None):
    w = w or [0.8, -1.2, 0.5, 1.5]
    b = b or [0.1, 0.4, -0.3, -0.2]
    tape = Tape()
    previous = tape.leaf("x", 1.0, "input", group="neuron 1")
    path = ["b1"]
    for j in range(1, n + 1):
        group = f"neuron {j}"
        wj = tape.leaf(f"w{j}", w[(j - 1) % len(w)], group=group)
        bj = tape.leaf(f"b{j}", b[(j - 1) % len(b)], group=group)
        product = tape.mul(f"m{j}", wj, previous, group=group)
        z = tape.add(f"z{j}", product, bj, group=group)
        previous = tape.sigmoid(
            f"a{j}", z, variable(f"a{j}") + " = σ(" + variable(z) + ")", group=group
        )
        path += [z, previous] if j == 1 else [product, z, previous]
    y = tape.leaf("y", 1.0, "input", group=f"neuron {n}")
    cost = tape.half_square("C", previous, y, group=f"neuron {n}")
    return tape.diagram(
        cost, [*path, cost],
        title=f"{n} sigmoid neurons in a chain: ∂C/∂b₁ vanishes",
        description="The gradient shrinks from the cost back to the first bias.",
        scale_label=Label.text("size of ∂C/∂·, logarithmic"),
        caption="Each box: its value, then the gradient of the cost. "
        "Each arrow: the local derivative.",
    )  # fmt: skip


def expression():
    """c = (a·b + a)·sigmoid(b): two forks."""
    tape = Tape()
    a = tape.leaf("a", -1.5, "input")
    b = tape.leaf("beta", 0.7)
    k = tape.leaf("2", 2.0, "constant")
    p = tape.mul("p", a, b)
    q = tape.add("q", p, a, Label.of("p + a"))
    s = tape.sigmoid("s", b, "σ(" + variable("beta") + ")")
    r = tape.mul("r", q, s, Label.of("q·s"))
    out = tape.mul("c", r, k, Label.of("2r"))
    return tape.diagram(out, [a, q, r, out], title="c = 2 (aβ + a) σ(β)")


def network():
    """A 2-3-1 net, scalar by scalar."""
    tape = Tape()
    xs = [tape.leaf("x1", 0.5, "input"), tape.leaf("x2", -1.0, "input")]
    hidden = []
    for j in range(1, 4):
        total = None
        for i, x in enumerate(xs, 1):
            w = tape.leaf(f"w{j}{i}", 0.4 * j - 0.7 * i, group="hidden")
            m = tape.mul(f"m{j}{i}", w, x, group="hidden")
            total = m if total is None else tape.add(f"s{j}", total, m, group="hidden")
        z = tape.add(f"z{j}", total, tape.leaf(f"b{j}", 0.1 * j, group="hidden"), group="hidden")
        hidden.append(tape.sigmoid(f"a{j}", z, group="hidden"))
    total = None
    for j, a in enumerate(hidden, 1):
        m = tape.mul(f"p{j}", tape.leaf(f"v{j}", 1.3 - 0.8 * j, group="output"), a, group="output")
        total = m if total is None else tape.add(f"t{j}", total, m, group="output")
    z = tape.add("z", total, tape.leaf("c", 0.2, group="output"), group="output")
    a = tape.sigmoid("a", z, group="output")
    cost = tape.half_square("C", a, tape.leaf("y", 1.0, "input", group="output"), group="output")
    return tape.diagram(
        cost, ["w11", "m11", "s1", "z1", "a1", "p1", "t2", "t3", "z", "a", "C"],
        title="A 2-3-1 net, scalar by scalar",
        scale_label=Label.text("size of ∂C/∂·, logarithmic"),
    )  # fmt: skip


SAMPLES = {"chain": chain, "expression": expression, "network": network,
           "deep": lambda: chain(20, [0.9], [0.1, -0.2])}  # fmt: skip
