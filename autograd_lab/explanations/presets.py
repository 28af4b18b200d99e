"""Examples that students arrive with, by name: ``autograd-lab explain --preset NAME``."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_lab.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Preset:
    """An expression with values and the question usually asked; empty text is the chain."""

    name: str
    title: str
    source: str
    expression: str = ""
    at: str = ""
    wrt: tuple[str, ...] = ()


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("lecture", "the lecture's chain of four sigmoid neurons", "slides 'Vanishing/"
               "Exploding Gradients Problem (2/4) to (4/4)'", wrt=("b1",)),
        Preset("micrograd-neuron", "a neuron with two inputs and tanh", "micrograd, the README's "
               "and the video's neuron", "n = x1*w1 + x2*w2 + b; o = tanh(n)",
               "x1=2,x2=0,w1=-3,w2=1,b=6.8813735870195432", ("w1",)),
        Preset("cs231n-product", "(x + y) z", "CS231n notes, backpropagation, intuition 1",
               "q = x + y; f = q*z", "x=-2,y=5,z=-4", ("x",)),
        Preset("cs231n-sigmoid", "a sigmoid neuron with two inputs", "CS231n notes, "
               "backpropagation, sigmoid example", "sigmoid(w0*x0 + w1*x1 + w2)",
               "w0=2,w1=-3,w2=-3,x0=-1,x1=-2", ("w0",)),
        Preset("cs231n-staged", "(x + sigmoid(y)) / (sigmoid(x) + (x + y)²)", "CS231n notes, "
               "backpropagation, staged computation",
               "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)", "x=3,y=-4", ("x",)),
        Preset("colah", "(a + b)(b + 1): two paths from b", "C. Olah, Calculus on Computational "
               "Graphs: Backpropagation", "c = a + b; d = b + 1; e = c*d", "a=2,b=1", ("b",)),
        Preset("two-neurons", "tanh inside sigmoid", "the README",
               "sigmoid(w2*tanh(w1*x+b1)+b2)", "w1=0.7,b1=-0.2,w2=1.3,b2=0.1,x=0.5", ("w1",)),
        Preset("doubling", "b = a + a, c = b + b: why the order of the walk matters",
               "the smallest graph on which a recursion without topological order fails",
               "b = a + a; c = b + b", "a=1", ("a",)),
    )
}  # fmt: skip


def find(name: str) -> Preset:
    """The preset of that name; an unknown one is refused with the nearest."""
    if name in PRESETS:
        return PRESETS[name]
    hint = did_you_mean(name, PRESETS)
    shown = name if len(name) <= 32 else name[:29] + "..."
    raise UsageError(f"--preset {shown!r}: {hint}presets: {', '.join(PRESETS)}")
