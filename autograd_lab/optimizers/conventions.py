"""The same algorithm as different sources write it down: a table that the rules are read from.

``keras`` is the default everywhere.  ``lecture`` is the slide word for word, with its mistakes;
``lecture-fixed`` mends the mistakes and keeps what is merely another choice, such as ε inside the
root.  ``paper`` is the publication named.  ``weight_decay`` is decoupled in every one of them.

Letters: η learning rate, β decay rates, g gradient, m and s the running averages, both 0 at first
unless said, t the number of the step from 1, and ε epsilon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Convention:
    """One way to write a rule: its formulas, what differs from Keras's, and where it is from.

    The other fields are what the optimizers read.  ``inside``: ε stands inside the root.
    ``eta_outside``: the buffer sums gradients, and the rate multiplies what leaves it.
    ``lookahead``: the gradient is taken at w + lookahead·β·m.  ``start``: of the accumulator.
    ``folded``: bias correction is put into the rate.  ``overwrites``: corrected averages are kept.
    """

    formulas: str
    differs: str
    source: str
    inside: bool = False
    eta_outside: bool = False
    lookahead: int = 0
    start: float = 0.0
    folded: bool = False
    overwrites: bool = False


Conventions = Mapping[str, Convention]


def describe(conventions: Conventions) -> str:
    """The table as lines of text: formulas, what differs from Keras, and the source.

    >>> print(describe(ADAGRAD).splitlines()[0])
    keras: s ← s + g², s = 0.1 at first;  w ← w − ηg/√(s + ε)
    """
    return "\n".join(
        f"{name}: {form.formulas}\n   differs: {form.differs}\n   source: {form.source}"
        for name, form in conventions.items()
    )


NOTHING = "nothing; the default"

PLAIN: Conventions = {"keras": Convention("as the class says", NOTHING, "Keras 3")}

SGD: Conventions = {
    "keras": Convention(
        "m ← βm + ηg,  w ← w − m;  nesterov: w ← w − (βm + ηg) with the new m",
        NOTHING,
        "Keras 3, which keeps −m",
    ),
    "pytorch": Convention(
        "m ← βm + g,  w ← w − ηm;  nesterov: w ← w − η(g + βm) with the new m",
        "the rate is outside the buffer, so a change of it acts on the past gradients too",
        "torch.optim.SGD",
        eta_outside=True,
    ),
    "lecture": Convention(
        "m ← βm + ηg,  w ← w − m;  nesterov: g taken at w + βm",
        "nesterov looks the wrong way: it diverges where ηβ·curvature > 1 − β",
        "slides Momentum (3/3), Nesterov Momentum (2/2)",
        lookahead=+1,
    ),
    "lecture-fixed": Convention(
        "m ← βm + ηg,  w ← w − m;  nesterov: g taken at w − βm",
        "nesterov's weights are w, where Keras's are w − βm: the same path seen elsewhere",
        "Sutskever et al. 2013, equations 3 and 4, with m = −v",
        lookahead=-1,
    ),
}
SGD = {**SGD, "paper": SGD["lecture-fixed"]}

ADAGRAD: Conventions = {
    "keras": Convention(
        "s ← s + g², s = 0.1 at first;  w ← w − ηg/√(s + ε)",
        NOTHING,
        "Keras 3",
        inside=True,
        start=0.1,
    ),
    "pytorch": Convention(
        "s ← s + g²;  w ← w − ηg/(√s + ε)",
        "s is 0 at first, ε stands outside the root",
        "torch.optim.Adagrad",
    ),
    "lecture": Convention(
        "s ← s + g²;  w ← w − ηg/√(s + ε)", "s is 0 at first", "slide AdaGrad (2/2)", inside=True
    ),
    "paper": Convention(
        "s ← s + g²;  w ← w − ηg/(√s + ε)",
        "s is 0 at first, ε stands outside the root",
        "Duchi, Hazan and Singer 2011, figure 1 (ε is their δ)",
    ),
}
ADAGRAD = {**ADAGRAD, "lecture-fixed": ADAGRAD["lecture"]}

RMSPROP: Conventions = {
    "keras": Convention(
        "s ← βs + (1 − β)g²;  w ← w − ηg/√(s + ε);  momentum: m ← μm + ηg/√(s + ε), w ← w − m",
        NOTHING,
        "Keras 3",
        inside=True,
    ),
    "pytorch": Convention(
        "s ← βs + (1 − β)g²;  w ← w − ηg/(√s + ε);  momentum: m ← μm + g/(√s + ε), w ← w − ηm",
        "ε stands outside the root, the rate outside the buffer",
        "torch.optim.RMSprop",
        eta_outside=True,
    ),
    "lecture": Convention(
        "s ← βs + (1 − β)g²;  w ← w − ηg/√(s + ε)",
        "nothing; momentum and centered are not on the slide and are done as in Keras",
        "slide RMSProp (2/2)",
        inside=True,
    ),
}
RMSPROP = {**RMSPROP, "lecture-fixed": RMSPROP["lecture"]}

ADAM: Conventions = {
    "keras": Convention(
        "m ← m + (g − m)(1 − β₁);  s ← s + (g² − s)(1 − β₂);  "
        "w ← w − η·√(1 − β₂^t)/(1 − β₁^t)·m/(√s + ε)",
        NOTHING,
        "Keras 3: Kingma and Ba 2015, end of section 2, where ε is their ε-hat",
        folded=True,
    ),
    "pytorch": Convention(
        "m ← β₁m + (1 − β₁)g;  s ← β₂s + (1 − β₂)g²;  m̂ = m/(1 − β₁^t);  ŝ = s/(1 − β₂^t);  "
        "w ← w − ηm̂/(√ŝ + ε)",
        "ε is added to the corrected root: smaller beside it in the first steps than Keras's",
        "torch.optim.Adam",
    ),
    "lecture": Convention(
        "m ← β₁m + (1 − β₁)g;  s ← β₂s + (1 − β₂)g²;  m ← m/(1 − β₁^t);  s ← s/(1 − β₂^t);  "
        "w ← w − ηm/√(s + ε)",
        "the corrected averages overwrite m and s, which then grow without bound; ε in the root",
        "slide Adam Optimization (2/3)",
        inside=True,
        overwrites=True,
    ),
    "lecture-fixed": Convention(
        "m ← β₁m + (1 − β₁)g;  s ← β₂s + (1 − β₂)g²;  m̂ = m/(1 − β₁^t);  ŝ = s/(1 − β₂^t);  "
        "w ← w − ηm̂/√(ŝ + ε)",
        "ε stands inside the root",
        "slide Adam Optimization (2/3) with m̂ and ŝ beside m and s",
        inside=True,
    ),
}
ADAM = {
    **ADAM,
    "paper": replace(ADAM["pytorch"], source="Kingma and Ba 2015, algorithm 1"),
}
