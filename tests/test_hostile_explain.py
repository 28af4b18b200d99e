"""Hostile inputs, explained end to end: each is explained without a lie, or refused in words.

One child process per list, under a limit of memory, a watchdog and ``-W error``: the corpus, the
generated strings, and every function at values where floats run out.  Of the last list every
tenth input is taken, all of them with ``AUTOGRAD_LAB_HOSTILE=all`` in the environment.
Run as a program:  ``python test_hostile_explain.py corpus|generated|extremes|planted``.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from hostile import CORPUS, MEGABYTES, SECONDS, Case, generated, message_fault, peak_megabytes

WHOLE = os.environ.get("AUTOGRAD_LAB_HOSTILE") == "all"
GENERATED = 2000
EXTREMES = (0.0, 1.0, -1.0, 0.5, 40.0, -40.0, 800.0, -800.0, 1e-308, -1e-200, 1e200, 1e308)
ABOVE = 400_000_000  # bytes of address space beyond what the imports reserve
NO_NUMBER = re.compile(r"(?<![\w.])[-+−]?(nan|inf|zoo|oo)(?![\w(])")
ALLOWED = {"explained", "refused"}


# --- the parent ----------------------------------------------------------------------------------


def in_child(which: str) -> tuple[list[list[str]], dict[str, int], float]:
    child = subprocess.run(
        [sys.executable, "-W", "error", __file__, which],
        capture_output=True, text=True, encoding="utf-8", timeout=900, check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    tail = child.stderr.splitlines()[-25:]
    assert child.returncode == 0, f"stopped, or {SECONDS} s for one input: {tail}"
    *faults, summary = map(json.loads, child.stdout.splitlines())
    return faults, summary["counts"], summary["megabytes"]


@pytest.mark.parametrize("which", ["corpus", "generated", "extremes"])
def test_every_input_is_explained_or_refused(which):
    faults, counts, megabytes = in_child(which)
    assert not faults, f"{len(faults)} faults\n" + "\n".join(map(str, faults[:30]))
    assert set(counts) == ALLOWED, "some of each, or the test means nothing"
    assert sum(counts.values()) == len([*cases(which)])
    assert counts["explained"] >= 50
    assert megabytes <= MEGABYTES


def test_the_judge_can_fail():
    faults, _, _ = in_child("planted")
    assert [fault[3].partition(":")[0] for fault in faults] == [
        "broken", "broken", "a message of 9 lines", "disagrees", "no number", "bytes",
    ]  # fmt: skip


# --- the child -----------------------------------------------------------------------------------


def cases(which: str) -> Iterator[Case]:
    if which == "extremes":
        return islice(extremes(), 0, None, 1 if WHOLE else 10)
    return iter(CORPUS) if which == "corpus" else generated(GENERATED, seed=23)


def extremes() -> Iterator[Case]:
    """Every function, then operators and nested functions, at values where floats run out."""
    from autograd_lab.interpreters.text import FUNCTIONS

    inputs = {1: ("x",), 2: ("x", "y"), 3: ("x > 0", "x", "y")}
    calls = [f"{name}({', '.join(inputs[f.least])})" for name, f in FUNCTIONS.items()]
    calls += ["x*y", "x/y", "x - y", "x**y", "y**x", "x*x*y", "(x + y)*(x - y)"]
    calls += ["sigmoid(x*y + x)*y", "log(sigmoid(x))*y", "exp(x)/exp(y)", "tanh(x)**2/y"]
    for text in calls:
        for x in EXTREMES:
            for y in (0.0, 2.0, -0.5, 1e-308, 1e308) if "y" in text else (None,):
                at = f"x={x}" + (f",y={y}" if y is not None else "")
                yield Case("extremes", "at", f"{text} at {at}", "any")


def asked(case: Case) -> dict[str, Any]:
    """The arguments of ``explain`` that put this input where a user would put it."""
    if case.reader == "values":
        return {"target": "w1*x + b1*b2", "at": case.data}
    if case.reader == "numbers":
        from autograd_lab.interpreters.text import parse_numbers

        return {"target": "chain", "w": parse_numbers(case.data)}
    if case.reader == "at":
        target, _, at = case.data.partition(" at ")
        return {"target": target, "at": at}
    if case.reader == "document":
        return {"target": case.data}
    return {"target": case.data, "at": "random"}


def judged(case: Case) -> str:
    from autograd_lab import explain
    from autograd_lab.errors import AutogradLabError

    try:
        e = explain(**asked(case))
        renderings = e.text(), e.text(width=80, ascii=True), e.to_json(), e.dot()
    except AutogradLabError as error:
        return fault_of(str(error)) or "refused"
    except Exception as error:
        return f"broken: {type(error).__name__}: {str(error)[:200]!r}"
    return found_wrong(e.failed, *renderings) or "explained"


def fault_of(message: str) -> str:
    """What is wrong with a refusal; signs of mathematics are welcome in words about values."""
    plain = "".join("?" if not c.isascii() and c.isprintable() else c for c in message)
    found = message_fault(plain)
    return (
        "" if found.startswith("a line of") and max(map(len, plain.split("\n"))) <= 110 else found
    )


def found_wrong(failed: bool, text: str, narrow: str, data: str, dot: str) -> str:
    if failed:
        return "disagrees: " + next(
            (line for line in text.split("\n") if "check failed" in line), ""
        )
    for line in text.split("\n"):
        if NO_NUMBER.search(line):
            return f"no number: {line.strip()[:160]!r}"
    if not narrow.isascii():
        return "--ascii is not ASCII"
    if any(
        not (c.isprintable() or c == "\n")
        for part in (text, data, dot.replace("\t", ""))
        for c in part
    ):
        return "bytes: a control character"
    json.loads(data, parse_constant=_refuse)
    if not dot.rstrip().endswith("}"):
        return "DOT is cut off"
    return ""


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


def planted() -> Iterator[str]:
    """What the judge says about outcomes that are wrong."""
    good = ("y = x\n", "y = x\n", "{}", "digraph {}\n")
    yield judged(Case("self-test", "values", 7, "any"))
    yield judged(Case("self-test", "text", object(), "any"))
    yield fault_of("x\n" * 8 + "a message that is much too long")
    yield found_wrong(True, *good)
    yield found_wrong(False, "   = nan\n", *good[1:])
    yield found_wrong(False, "y = \x1b[31m\n", *good[1:])
    assert found_wrong(False, *good) == ""


def limit_memory() -> None:
    """At most ``ABOVE`` bytes beyond what is reserved now; only Linux keeps such a limit."""
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + ABOVE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(which: str) -> None:
    from autograd_lab import explain

    explain("sigmoid(w*x)", at="w=1,x=1").dot()  # imports, before the limits
    limit_memory()
    warnings.simplefilter("error")
    counts: dict[str, int] = {}
    if which == "planted":
        for found in planted():
            print(json.dumps(["self-test", "", "", found]))
    else:
        for place, case in enumerate(cases(which)):
            print(f"{place} {case.group} {case.data[:80]!r}", file=sys.stderr, flush=True)
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            found = judged(case)
            faulthandler.cancel_dump_traceback_later()
            kind = found.partition(":")[0]
            counts[kind] = counts.get(kind, 0) + 1
            if kind not in ALLOWED:
                print(json.dumps([case.group, repr(case.data[:120]), case.outcome, found]))
    print(json.dumps({"counts": counts, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main(sys.argv[1])
