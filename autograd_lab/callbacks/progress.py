"""ProgbarLogger: how far a training is, how long it will take, and what it has reached."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from autograd_lab.callbacks import screen
from autograd_lab.callbacks.base import Callback, Logs

BAR = 20  # characters
LEAST_BAR = 5  # below it, none at all


class ProgbarLogger(Callback):
    """The loss and metrics of each epoch on standard output; ``params["verbose"]`` says how.

    0: nothing.  1: a bar that is rewritten at most ten times a second and remains as a line.
    2: one line for each epoch.  "auto": 1 on a terminal and in a notebook, 2 elsewhere, and
    nothing for ``predict`` there.  In a file or pipe a bar appears once, full.

    >>> log = ProgbarLogger()
    >>> log.set_params({"verbose": 2, "epochs": 50})
    >>> log.on_epoch_begin(2)
    >>> log.on_epoch_end(2, {"accuracy": 0.85, "loss": 0.4312})
    Epoch 3/50 - 0s - accuracy: 0.8500 - loss: 0.4312
    """

    INTERVAL = 0.1  # seconds between two rewritings
    clock = staticmethod(time.monotonic)
    trained: float | None  # when the batches of the epoch were done

    def __init__(self) -> None:
        self.in_fit = False
        self.set_params({})

    def set_params(self, params: Mapping[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", "auto")
        self.auto = verbose == "auto"
        self.verbose = (1 if screen.is_live() else 2) if self.auto else int(verbose)
        self.live = self.verbose == 1 and screen.is_live()
        self.epochs = params.get("epochs") or 1
        self.total: int | None = params.get("steps")

    @property
    def wants_batches(self) -> bool:
        return self.live or type(self) is not ProgbarLogger  # which may define more

    # --- hooks ------------------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.in_fit = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._start()
        if self.verbose == 1 and self.epochs > 1:
            screen.say(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finish(logs, f"Epoch {epoch + 1}/{self.epochs}" if self.epochs > 1 else "")

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if self.in_fit:
            self.trained = self.clock()  # validation is no part of a step
        else:
            self._start()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self.in_fit:
            self._advance(batch + 1, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self.in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._start()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(batch + 1, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        if self.live or not self.auto:
            self._finish(None)

    # --- one run through the batches --------------------------------------------------------------

    def _start(self) -> None:
        self.begun = self.clock()
        self.trained = None
        self.drawn = -math.inf
        self.first: tuple[int, float] | None = None
        self.seen = (0, self.begun)

    def _advance(self, seen: int, logs: Logs | None) -> None:
        if not self.live:
            return
        now = self.clock()
        self.seen = seen, now
        self.first = self.first or self.seen
        if now - self.drawn >= self.INTERVAL:
            self.drawn = now
            screen.rewrite(self._line(seen, now, logs)[: screen.width()])

    def _line(self, seen: int, now: float, logs: Logs | None) -> str:
        """The line while batches run, not yet cut to the width."""
        step = self._step(seen, now)
        times = (
            [f"ETA {span(step * (self.total - seen))}"] if self.total else [span(now - self.begun)]
        )
        rest = " - ".join([f"{' '.join([*times, per_step(step)])}", *figures(logs)])
        return f"{self._counted(seen, rest)} {rest}"

    def _step(self, seen: int, now: float) -> float:
        """Seconds for one batch; the first one, which records the step, tells little."""
        if self.first is not None and seen > self.first[0]:
            return (now - self.first[1]) / (seen - self.first[0])
        return (now - self.begun) / max(seen, 1)

    def _counted(self, seen: int, rest: str) -> str:
        """34/100 and a bar, as long as the rest of the line leaves room for."""
        if not self.total:
            return f"{seen}/?"
        count = f"{seen:{len(str(self.total))}}/{self.total}"
        room = min(BAR, screen.width() - len(count) - len(rest) - 2)
        return count if room < LEAST_BAR else f"{count} {bar(seen / self.total, room)}"

    def _finish(self, logs: Logs | None, title: str = "") -> None:
        """The line that remains."""
        now = self.clock()
        self.total = self.total or self.seen[0] or None
        if self.verbose == 0:
            return
        done = self.seen[0] or self.total
        times = [span(now - self.begun)]
        if done:
            trained = self.seen[1] if self.seen[0] else self.trained or now
            times.append(per_step(self._step(done, trained)))
        if self.verbose == 1:
            rest = " - ".join([" ".join(times), *figures(logs)])
            screen.say(f"{self._counted(done, rest)} {rest}" if done else rest)
        else:
            count = [f"{done}/{self.total}"] if done else []
            screen.say(" - ".join([*filter(None, [title]), *count, *times, *figures(logs)]))


def bar(share: float, length: int) -> str:
    """A bar of which a share is done.

    >>> print(bar(0.4, 10))
    ━━━━──────
    """
    done = round(length * min(max(share, 0.0), 1.0))
    full, rest = "━─" if screen.can_write("━─") else "=."
    return full * done + rest * (length - done)


def span(seconds: float) -> str:
    """A length of time to the second.

    >>> span(3.4), span(125), span(3725)
    ('3s', '2:05', '1:02:05')
    """
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest}s"


def per_step(seconds: float) -> str:
    """The time of one batch.

    >>> per_step(2.5), per_step(0.0123), per_step(0.00045)
    ('2s/step', '12ms/step', '450us/step')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}/step"
    return f"{seconds * 1e6:.0f}us/step"


def figures(logs: Logs | None) -> list[str]:
    """The entries of the logs, with four significant digits.

    >>> figures({"loss": 0.5, "mae": 1234.5, "learning_rate": 1e-5})
    ['loss: 0.5000', 'mae: 1234', 'learning_rate: 1.000e-05']
    """
    return [f"{name}: {_digits(value)}" for name, value in (logs or {}).items()]


def _digits(value: Any) -> str:
    return f"{value:#.4g}".removesuffix(".") if isinstance(value, (int, float)) else str(value)
