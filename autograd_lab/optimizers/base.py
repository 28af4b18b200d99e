"""What all optimizers share: a step as a graph, clipping, weight decay, averages, the rate.

State lives in leaves only: the number of steps, the learning rate, and the slots, such as a
momentum for every weight.  An optimizer builds nodes for the new values of all leaves, each a
function of the old ones, and never loops over steps.  Whoever runs the graph assigns last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass, field, fields
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from autograd_lab import ops
from autograd_lab.errors import ShapeError, UsageError, did_you_mean
from autograd_lab.graph import Node, leaf, scope
from autograd_lab.optimizers import conventions
from autograd_lab.optimizers.clipping import clip
from autograd_lab.optimizers.conventions import Convention, Conventions
from autograd_lab.optimizers.explain_step import explain_step
from autograd_lab.optimizers.learning_rate import LearningRate, OldName, warn_of_old_name
from autograd_lab.optimizers.marking import mark
from autograd_lab.optimizers.schedules import LearningRateSchedule
from autograd_lab.optimizers.step_report import StepExplanation
from autograd_lab.registry import Configured, serialize, snake_case
from autograd_lab.settings import choice, flag, number, wrong
from autograd_lab.variables import Variable

Update: TypeAlias = tuple[Variable, Node]
Scalars: TypeAlias = dict[str, Node]  # numbers of one step that all weights share
Slots: TypeAlias = Mapping[str, Node]  # of one weight, by Keras's names


@dataclass(eq=False)
class Optimizer(Configured):
    """Base of all optimizers: new values of weights and slots as nodes.

    learning_rate : a number at least 0, or a schedule.
    weight_decay : w ← w − w·weight_decay·η before the step (decoupled: Loshchilov and Hutter 2019,
        arXiv 1711.05101), biases included; see ``exclude_from_weight_decay``.
    clipvalue, clipnorm, global_clipnorm : at most one of them.  Entries of the gradient at most
        that large; the norm of each weight's gradient; the norm of all gradients together.
        Norms are summed in double precision, so that none overflows that need not.  An infinite
        gradient gives nan in its own entry and 0 elsewhere.
    use_ema : average ← ema_momentum·average + (1 − ema_momentum)·w after every step.  The weights
        become their averages every ``ema_overwrite_frequency`` steps, or at the end of training.
    loss_scale_factor : the loss was multiplied by it, so gradients are divided by it.
    convention : whose formulas are meant; see ``optimizers.conventions``.
    """

    learning_rate: LearningRate = LearningRate(0.001)  # noqa: RUF009 - a descriptor
    _: KW_ONLY
    weight_decay: float | None = None
    clipnorm: float | None = None
    clipvalue: float | None = None
    global_clipnorm: float | None = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: int | None = None
    loss_scale_factor: float | None = None
    name: str | None = None
    convention: str = "keras"
    lr: InitVar[float | None] = OldName()  # noqa: RUF009 - a descriptor

    rate: Variable | LearningRateSchedule = field(init=False, repr=False)
    iterations: Variable = field(init=False, repr=False)
    slots: dict[Variable, dict[str, Variable]] = field(init=False, repr=False)
    not_decayed: list[Variable | str] = field(init=False, repr=False)

    family = "optimizers"
    conventions: ClassVar[Conventions] = conventions.PLAIN
    # Letters of the lecture for settings and slots, by their names.
    symbols: ClassVar[Mapping[str, str]] = {}
    letters: ClassVar[Mapping[str, str]] = {}

    def __new__(cls, *_: Any, **settings: Any) -> Self:
        """Refuse an unknown setting by name, and say which known one is near."""
        known = [f.name for f in fields(cls) if f.init]
        for name in settings:
            if name not in (*known, "lr"):
                raise UsageError(
                    f"{cls.__name__}({name}=...): there is no such setting; "
                    f"{did_you_mean(name, known)}known: {', '.join(known)}"
                )
        if {"lr", "learning_rate"} <= settings.keys():
            raise UsageError(f"{cls.__name__}: lr is the old name of learning_rate; give one.")
        return super().__new__(cls)

    def __post_init__(self, lr: float | None) -> None:
        if lr is not None:
            warn_of_old_name(self, stacklevel=4)
            vars(self).pop("rate", None)  # as if it had been given first: a schedule may be
            self.learning_rate = lr
        if type(self) is Optimizer:
            raise UsageError("Optimizer is the base of all optimizers; choose one, such as SGD().")
        self.name = self.name or snake_case(type(self).__name__)
        self.iterations = Variable(0.0, name="iterations", trainable=False, dtype="float64")
        self.slots, self.not_decayed = {}, []
        self._check_shared()
        self.check()

    def _check_shared(self) -> None:
        choice(self, "convention", list(self.conventions))
        for setting in ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm"):
            if getattr(self, setting) is not None:
                bound = {"at_least": 0.0} if setting == "weight_decay" else {"above": 0.0}
                setattr(self, setting, number(self, setting, **bound))
        given = [s for s in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, s)]
        if len(given) > 1:
            raise UsageError(
                f"{type(self).__name__}: {' and '.join(given)} are given; gradients are clipped "
                "in one way only, so choose one of them."
            )
        self.use_ema = flag(self, "use_ema")
        self.ema_momentum = number(self, "ema_momentum", at_least=0, at_most=1)
        every = self.ema_overwrite_frequency
        if every is not None and (type(every) is not int or every < 1):
            raise wrong(self, "ema_overwrite_frequency", "must be a whole number at least 1")
        if self.loss_scale_factor is not None:
            self.loss_scale_factor = number(self, "loss_scale_factor", above=0)

    # --- what each optimizer says of itself -------------------------------------------------------

    def check(self) -> None:
        """Refuse settings of this optimizer that cannot be used."""

    def slot_values(self) -> dict[str, float]:
        """The slots of a weight, by Keras's names, and what they hold at first."""
        return {}

    def scalars(self, rate: Node, t: Node) -> Scalars:
        """Numbers of this step for all weights: the rate, the step t from 1, what follows."""
        return {"rate": rate, "t": t}

    def rule(self, g: Node, old: Slots, now: Scalars) -> tuple[Node, dict[str, Node]]:
        """What is taken off the weight whose gradient is g, and the new slots."""
        raise NotImplementedError(f"{type(self).__name__} defines no rule(self, g, old, now)")

    def aside(self, new: Slots, now: Scalars) -> list[Node]:  # noqa: ARG002 - for others
        """Quantities that ``explain_step`` shows although the rule does without them."""
        return []

    def lookahead(self, variables: Sequence[Variable]) -> list[Update]:  # noqa: ARG002 - for others
        """Where gradients are to be taken instead of at the weights; nothing for: at the weights.

        A trainer grafts these points into the loss, ``interpreters.replay.graft(loss, dict(...))``,
        differentiates by the weights, and gives the gradients to ``updates``.
        """
        return []

    # --- state ------------------------------------------------------------------------------------

    @property
    def form(self) -> Convention:
        """The chosen convention."""
        return self.conventions[self.convention]

    @property
    def built(self) -> bool:
        return bool(self.slots)

    @property
    def variables(self) -> list[Variable]:
        """Every leaf that a checkpoint must hold: steps, rate unless by schedule, slots."""
        rate = [self.rate] if isinstance(self.rate, Variable) else []
        slots = [slot for slots in self.slots.values() for slot in slots.values()]
        return [self.iterations, *rate, *slots]

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots of these weights; an optimizer serves the same weights ever after."""
        variables = list(variables)
        if self.built:
            self._refuse_unknown(variables)
            return
        values = {**self.slot_values(), **({"average": 0.0} if self.use_ema else {})}
        self.slots = {w: {s: _slot(w, s, v) for s, v in values.items()} for w in variables}

    def _refuse_unknown(self, variables: Sequence[Variable]) -> None:
        for w in variables:
            if w not in self.slots:
                raise UsageError(
                    f"{type(self).__name__}: {w.path} is none of the {len(self.slots)} weights "
                    "that this optimizer was built for; make a new optimizer for other weights."
                )

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] = (), var_names: Iterable[str] = ()
    ) -> None:
        """Weights that do not decay: themselves, or words in their paths, such as "bias"."""
        if self.built:
            raise UsageError(
                f"{type(self).__name__}.exclude_from_weight_decay: the optimizer is built already; "
                "call it before training starts."
            )
        self.not_decayed = [*(var_list or ()), *(var_names or ())]

    def get_config(self) -> dict[str, Any]:
        """The settings; ``learning_rate`` as it is now, or the schedule's settings."""
        rate = float(self.rate) if isinstance(self.rate, Variable) else serialize(self.rate)
        return {**super().get_config(), "learning_rate": rate}

    # --- one step ---------------------------------------------------------------------------------

    def updates(self, pairs: Sequence[tuple[Variable, Node]]) -> list[Update]:
        """The new value of every leaf, given each weight with the node of its gradient.

        Order of events as in Keras: clip, decay, rule, average, overwrite, constraint.
        """
        self.build([w for w, _ in pairs])
        with scope(str(self.name)):
            now = self.now()
            clipped = clip(self, [_fitting(w, g) for w, g in pairs])
            found = self.shared_updates(now)
            for (w, _), g in zip(pairs, clipped, strict=True):
                found += self._updates_of(w, g, now)
            return [*found, (self.iterations, now["t"])]

    def now(self) -> Scalars:
        """The scalars of the coming step."""
        t = mark(self.iterations + 1.0, "t")
        rate = self.rate if isinstance(self.rate, Variable) else self.rate(self.iterations)
        now = self.scalars(mark(rate, "eta"), t)
        if self.weight_decay:
            now["decay"] = self.weight_decay * rate
        if self.use_ema:  # after the first step the average is the weight itself
            now["keep"] = ops.where(ops.equal(self.iterations, 0.0), 0.0, self.ema_momentum)
            now["renew"] = 1.0 - now["keep"]
        return now

    def shared_updates(self, now: Scalars) -> list[Update]:  # noqa: ARG002 - for others
        """New values of state that belongs to no single weight."""
        return []

    def _updates_of(self, w: Variable, g: Node, now: Scalars) -> list[Update]:
        slots = self.slots[w]
        step, new = self.rule(g, slots, now)
        moved = (w - w * now["decay"] if self._decays(w) else w) - mark(step, "step")
        if self.use_ema:
            new["average"] = slots["average"] * now["keep"] + moved * now["renew"]
            moved = self._overwritten(moved, new["average"], now["t"])
        if w.constraint is not None:
            moved = w.constraint(moved)
        return [*((slots[name], value) for name, value in new.items()), (w, moved)]

    def _decays(self, w: Variable) -> bool:
        kept = (x is w or (isinstance(x, str) and x in w.path) for x in self.not_decayed)
        return bool(self.weight_decay) and not any(kept)

    def _overwritten(self, moved: Node, average: Node, t: Node) -> Node:
        every = self.ema_overwrite_frequency
        if every is None:
            return moved
        is_time = ops.equal(every * ops.floor(t / every), t)
        return ops.where(is_time, average, moved)  # type: ignore[no-any-return]

    # --- the same on plain arrays -----------------------------------------------------------------

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] = ()) -> None:
        """One step with these gradients, at once; the weights are those of the first call.

        >>> from autograd_lab.optimizers import SGD
        >>> w = Variable([1.0, 2.0], name="w")
        >>> SGD(learning_rate=0.5).apply([[1.0, -1.0]], [w])
        >>> w.numpy().tolist()
        [0.5, 2.5]
        """
        weights = list(trainable_variables) or list(self.slots)
        if len(grads) != len(weights):
            raise UsageError(
                f"{type(self).__name__}.apply: {len(grads)} gradients were given for "
                f"{len(weights)} weights; give one for each."
            )
        pairs = [(w, _leaf_of(g)) for w, g in zip(weights, grads, strict=True) if g is not None]
        if not pairs:
            raise UsageError(f"{type(self).__name__}.apply: no gradient is given for any weight.")
        self.build(weights)
        for w, value in self.updates(pairs):  # evaluated already: all are from the old values
            w.assign(value)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """One step with pairs (gradient, weight), the older way to call it; the count of steps."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [w for _, w in pairs])
        return self.iterations

    def explain_step(
        self,
        g: float | Sequence[float] | Callable[[float], float],
        w: float = 0.0,
        steps: int | None = None,
    ) -> StepExplanation:
        """The arithmetic of the first steps of one weight w, from this optimizer's own graph.

        g : the gradient of each step; one number is repeated ``steps`` times; a function of w is
            asked at each step, at the point where this optimizer takes its gradient.
        The optimizer itself stays as it is.

        >>> from autograd_lab.optimizers import SGD
        >>> print(SGD(learning_rate=0.5).explain_step(2.0, w=1.0).text())
        SGD  η = 0.5  convention: keras
        <BLANKLINE>
        t = 1, g₁ = 2
                   formula  with numbers      value
           Δ₁      η·g₁     0.5·2         +1.000000
           w₁      w₀ − Δ₁  1 − 1         +0.000000
           step/η                         +2.000000
        <BLANKLINE>
        """
        return explain_step(self, g, w, steps)

    def scale_loss(self, loss: Any) -> Any:
        """The loss to differentiate: times ``loss_scale_factor`` if there is one."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """At the end of training with ``use_ema`` the weights become their averages."""
        for w in var_list:
            if self.use_ema and w in self.slots and float(self.iterations):
                w.assign(self.slots[w]["average"])


def _slot(w: Variable, name: str, value: float) -> Variable:
    held = np.full(w.shape, value, dtype=w.dtype)
    return Variable(held, name=f"{w.path}/{name}", trainable=False, dtype=str(w.dtype))


def _leaf_of(g: Any) -> Node:
    return g if isinstance(g, Node) else leaf(g, "g")


def _fitting(w: Variable, g: Node) -> Node:
    """The gradient in the weight's shape and dtype."""
    if g.shape != w.shape:
        raise ShapeError(
            f"the gradient of {w.path} has shape {g.shape}, but the weight has shape {w.shape}"
        )
    return g if g.dtype == w.dtype else ops.cast(g, w.dtype)
