"""The command: exit codes, streams, files, formats, widths and pipes, as a user meets them."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from autograd_lab_cli import streams
from autograd_lab_cli.explain import ENDINGS, FORMATS
from autograd_lab_cli.main import run

from autograd_lab import explanations
from autograd_lab.errors import MissingToolError
from autograd_lab.explanations.layout import cells
from autograd_lab.explanations.presets import PRESETS
from autograd_lab.graph import OPS
from autograd_lab.interpreters.text import FUNCTIONS

COLOR = re.compile(r"\x1b\[[0-9;]*m")
NO_NUMBER = re.compile(r"(?<![\w.])[-+−]?(nan|inf)(?!\w)")
EXPRESSION = ("explain", "sigmoid(w*x + b)", "--at", "w=0.5,x=1,b=0", "--wrt", "w")
posix = pytest.mark.skipif(os.name != "posix", reason="terminals and signals of POSIX")


# --- calling the command -------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    status: int
    data: bytes
    err: str

    @property
    def out(self) -> str:
        return self.data.decode("utf-8")


class Stream(io.TextIOWrapper):
    """A stream that keeps its bytes and may say that it is a terminal."""

    def __init__(self, encoding: str = "utf-8", tty: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty

    def taken(self) -> bytes:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue()


@contextmanager
def standard(**given: object) -> Iterator[None]:
    kept = {name: getattr(sys, name) for name in given}
    for name, stream in given.items():
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, stream in kept.items():
            setattr(sys, name, stream)


def call(
    *arguments: str, stdin: bytes = b"", encoding: str = "utf-8", out_tty: bool = False,
    err_tty: bool = False,
) -> Result:  # fmt: skip
    """Run the command in this process on streams of our own."""
    out, err = Stream(encoding, out_tty), Stream(encoding, err_tty)
    with standard(stdout=out, stderr=err, stdin=io.TextIOWrapper(io.BytesIO(stdin))):
        status = run(arguments)
    return Result(status, out.taken(), err.taken().decode("utf-8"))


def explain(*arguments: str, **options: object) -> Result:
    return call("explain", *arguments, **options)  # type: ignore[arg-type]


def done(*arguments: str, **options: object) -> Result:
    """As ``explain``, and it must work."""
    result = explain(*arguments, **options)
    assert result.status == 0, result.err
    return result


def environment(**more: str) -> dict[str, str]:
    ours = {"PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
    left = {name: v for name, v in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    return {**left, **ours, **more}


def child(*arguments: str, stdin: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "autograd_lab_cli", *arguments],
        input=stdin, capture_output=True, timeout=60, env=environment(**more), check=False,
    )  # fmt: skip


def in_terminal(arguments: Sequence[str], columns: int, **more: str) -> tuple[int, str, str]:
    """Run with a terminal as standard output and a pipe as standard error."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(
        [sys.executable, "-m", "autograd_lab_cli", *arguments],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE,
        env=environment(TERM="xterm", **more),
    )  # fmt: skip
    os.close(theirs)
    pieces = []
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux: the terminal has been left
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(ours)
    _, err = process.communicate(timeout=60)
    return process.returncode, b"".join(pieces).decode().replace("\r\n", "\n"), err.decode()


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_refused(result: Result, status: int = 2) -> None:
    """The contract of every refusal: words on standard error, nothing on standard output."""
    assert result.status == status, result
    assert result.data == b""
    assert result.err.startswith("error: ")
    assert 1 <= len(result.err.rstrip("\n").split("\n")) <= 5, result.err
    assert all(c.isprintable() for c in result.err.replace("\n", "")), result.err
    assert "Traceback" not in result.err


# --- exit codes ----------------------------------------------------------------------------------

REFUSED = [
    ((), "no target"),
    (("chain", "x"), "one target"),
    (("chain", "--preset", "colah"), "target of its own"),
    (("--preset", "colha"), "did you mean colah"),
    (("chain", "--grap", "x.svg"), "did you mean --graph"),
    (("chain", "--wdith=80"), "did you mean --width"),
    (("chain", "--qqqqqq"), "no option --qqqqqq"),
    (("chain", "-f", "pngg"), "did you mean png"),
    (("chain", "-f", "bogus"), "formats: text"),
    (("chain", "-o", "x.bmp"), "the ending names the format"),
    (("chain", "--graph", "x.txt"), "the ending names the format"),
    (("chain", "--json", "-", "--latex", "-"), "standard output"),
    (("chain", "--n", "many"), "many"),
    (("chain", "--n", "1000000000"), "1 to 5,000"),
    (("chain", "--w", "1,2", "--b", "1,2,3"), "unclear"),
    (("chain", "--w", "nan"), "no number"),
    (("chain", "--w", "1,,2"), "a number is missing"),
    (("chain", "--x", "inf"), "finite"),
    (("chain", "--act", "sigmoide"), "unknown activation"),
    (("chain", "--cost", "q*q"), "a formula in a"),
    (("chain", "--wrt", "b9"), "no such variable"),
    (("chain", "--wrt", "b1", "--wrt", "b1"), "twice"),
    (("chain", "--at", "b1=2"), "--at belongs to expressions"),
    (("chain", "--fail-on", "vanishing,odd"), "choose from vanishing"),
    (("chain", "--fail-on", ""), "choose from vanishing"),
    (("chain", "--width", "39"), "--width"),
    (("chain", "--precision", "18"), "--precision"),
    (("chain", "--seed", "-1"), "--seed"),
    (("x*y",), "no value for x, y"),
    (("x*y", "--at", "x=1,y=2,z=3"), "no variable 'z'"),
    (("x*x", "--at", "x=1", "--n", "3"), "belongs to the target 'chain'"),
    (("x^2", "--at", "x=1"), "**"),
    (("sigmoide(x)", "--at", "x=1"), "sigmoid"),
    (("1/x", "--at", "x=0"), "infinite"),
    (("exp(x)", "--at", "x=1000"), "larger than a float"),
    (("log(x)", "--at", "x=-1"), "undefined"),
    (("1+2",), "no variables"),
    (("missing.json",), "no file"),
    (("a" * 5000,), "characters"),
    (("x\x1b[31m*2",), "column 2"),
    (("σ(x)",), "sigmoid"),
    (("__import__('os')",), "is no name"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"), REFUSED, ids=[" ".join(a)[:40] for a, _ in REFUSED]
)
def test_refusals(arguments, words):
    result = explain(*arguments)
    assert_refused(result)
    assert words in result.err


def test_exit_0_whatever_the_verdict():
    for arguments, word in {
        ("chain",): "VANISHING",
        ("chain", "--w", "100", "--b", "auto"): "EXPLODING",
        ("chain", "--n", "3", "--w", "1", "--b", "auto"): "FINE",
        ("chain", "--n", "2"): "none",
    }.items():
        assert f"VERDICT {word}" in done(*arguments, "-q").out


def test_fail_on_is_exit_3_after_the_whole_output():
    for words in ("vanishing", "EXPLODING, vanishing"):
        result = explain("chain", "--fail-on", words)
        assert result.status == 3
        assert result.out == done("chain").out
        assert "VANISHING" in result.err
    assert done("chain", "--fail-on", "exploding,saturated").err == ""


def test_a_planted_wrong_rule_is_exit_4_and_comes_before_3(monkeypatch):
    rule = OPS["sigmoid"].vjp
    monkeypatch.setattr(OPS["sigmoid"], "vjp", (lambda g, y, x: rule[0](g, y, x) * 1.0001,))
    result = explain("chain", "--fail-on", "vanishing", "-q")
    assert result.status == 4
    assert "disagree" in result.err
    assert "check failed" in result.out, "the quiet text names the failure too"
    assert re.search(r"relative \de-04|relative \d\.\de-04", result.out)


def test_a_missing_renderer_is_exit_5(monkeypatch):
    def missing(*_: object, **__: object) -> bytes:
        raise MissingToolError("resvg-py is not installed; pip install resvg-py")

    monkeypatch.setattr(explanations.Explanation, "png", missing)
    result = explain("chain", "-f", "png")
    assert_refused(result, 5)
    assert "pip install" in result.err


def test_a_defect_is_exit_1_with_a_trace_only_on_request(monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect\nof two lines")

    monkeypatch.setattr(explanations, "explain", broken)
    result = explain("chain")
    assert_refused(result, 1)
    assert "ZeroDivisionError: a defect of two lines" in result.err
    assert "Traceback" in explain("chain", "-v").err


@posix
def test_ctrl_c_is_one_line_and_exit_130(tmp_path):
    target = tmp_path / "kept.json"
    target.write_text("kept")
    program = "from autograd_lab_cli.main import main; print('ready', flush=True); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "explain", "chain", "--n", "2000", "--json", str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.3)  # within the imports or the work, which take seconds
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert (out, err.decode().strip()) == (b"", "interrupted")
    assert target.read_text() == "kept"
    assert listed(tmp_path) == ["kept.json"], "no half-written file stays behind"


# --- streams, colour, width ----------------------------------------------------------------------


def test_the_explanation_goes_to_standard_output_and_notes_to_standard_error(tmp_path):
    picture = tmp_path / "chain.svg"
    result = done("chain", "--graph", str(picture))
    assert result.out == done("chain").out
    assert re.fullmatch(rf"wrote {re.escape(str(picture))} \(\d+ kB\)\n", result.err)
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_color_is_decided_for_each_stream(monkeypatch):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for out_tty in (False, True):
        for err_tty in (False, True):
            good = explain("chain", "-q", out_tty=out_tty, err_tty=err_tty)
            bad = explain("chain", "--act", "?", out_tty=out_tty, err_tty=err_tty)
            assert ("\x1b[" in good.out) is out_tty
            assert ("\x1b[1;31m" in bad.err) is err_tty
    terminal = {"out_tty": True, "err_tty": True}
    assert "\x1b" not in explain("chain", "--no-color", **terminal).out
    assert "\x1b" not in explain("chain", "--color", "never", **terminal).out
    assert "\x1b[" in explain("chain", "--color", "always").out
    for name, value in {"NO_COLOR": "1", "TERM": "dumb"}.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert "\x1b" not in explain("chain", **terminal).out
            assert "\x1b" not in explain("chain", "--act", "?", **terminal).err
            assert "\x1b[" in explain("chain", "--color", "always").out
    monkeypatch.setenv("NO_COLOR", "")  # empty counts as not set
    assert "\x1b[" in explain("chain", **terminal).out


def test_color_carries_no_meaning_alone():
    colored = done("chain", "--color", "always").out
    assert COLOR.sub("", colored) == done("chain").out


@posix
def test_on_a_terminal_the_width_is_kept_and_binaries_are_refused():
    status, out, err = in_terminal(["explain", "chain"], 90)
    assert (status, err) == (0, "")
    assert "\x1b[1;31mVANISHING" in out
    assert 80 < max(cells(line) for line in COLOR.sub("", out).split("\n")) <= 90
    status, out, err = in_terminal(["explain", "chain", "-f", "png"], 90)
    assert (status, out) == (2, "")
    assert "PNG would go to your terminal; add -o file.png" in err
    assert "\x1b" not in err, "standard error is a pipe"


def test_piped_text_is_as_wide_as_its_content():
    assert max(cells(line) for line in done("chain").out.split("\n")) > 100


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_poor_encodings_get_ascii(encoding):
    result = explain("chain", "--steps", "--show-naive", encoding=encoding)
    assert result.status == 0
    assert result.data.isascii()
    assert "dC/db1 = +9.632086e-04" in explain("chain", "-q", encoding=encoding).out
    assert result.out == done("chain", "--steps", "--show-naive", "--ascii").out
    assert b"\\u" not in result.data
    refused = explain("β*x", encoding=encoding)
    assert (refused.status, refused.err.isascii()) == (2, True)


def test_formats_other_than_text_are_utf8_whatever_the_encoding():
    for form in ("json", "svg", "dot", "markdown"):
        found = explain("chain", "-f", form, encoding="ascii")
        assert found.status == 0
        assert found.data == done("chain", "-f", form).data


def test_python_io_encoding_ascii_in_a_child():
    found = child("explain", "chain", "--numeric", PYTHONIOENCODING="ascii")
    assert (found.returncode, found.stderr) == (0, b"")
    assert found.stdout.isascii()
    assert b"VANISHING" in found.stdout


LONG = "a_name_as_long_as_names_get_1"
WIDE = [
    *(("chain", "--n", str(n)) for n in (1, 2, 3, 4, 5, 9, 12, 13, 14, 30, 60)),
    ("chain", "--n", "5", "--w", "1e-308"),
    ("chain", "--n", "5", "--w", "-12345.678", "--b", "auto", "--x", "-1e-300"),
    ("chain", "--n", "6", "--act", "leaky_relu"),
    ("chain", "--cost", "cross-entropy"),
    ("chain", "--cost", "(a-y)**4 + exp(a)*sin(a*y) - tanh(a)/(1+a**2)"),
    ("chain", "--expand"),
    ("(a+b)*(b+1)*(a*b)*(a-b)*(a+2*b)", "--at", "random", "--wrt", "b"),
    ("a=x*y; b=a*a; c=b*a; d=c*b; e=d*c; e*d", "--at", "x=0.9,y=0.95", "--wrt", "x"),
    (f"{LONG}*tanh({LONG}*{LONG}2) + {LONG}2", "--at", "random"),
    ("+".join(f"x{i}*tanh(x{i})*x{i + 1}" for i in range(25)), "--at", "random", "--wrt", "x3"),
    ("tanh(" * 30 + "x" + ")" * 30, "--at", "x=0.5"),
    ("where(x>0, x**2, maximum(x, y))*prelu(x, y)", "--at", "x=1,y=2", "--wrt", "x"),
    ("x*1e300*10", "--at", "x=0.01"),
]


@pytest.mark.parametrize("arguments", WIDE, ids=[" ".join(a)[:40] for a in WIDE])
def test_every_line_fits_eighty_columns_and_no_bare_nan_or_inf(arguments):
    for mode in ("--both", "--numeric", "--symbolic"):
        for more in (("--ascii",), ("--paths", "--steps", "--show-naive")):
            out = done(*arguments, mode, "--width", "80", *more).out
            assert not NO_NUMBER.search(out), (mode, more, NO_NUMBER.search(out))
            wide = [line for line in out.split("\n") if cells(line) > 80]
            assert not wide, f"{mode} {more}: {len(wide)} lines, first {wide[0]!r}"


# --- pipes ---------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("lines", [0, 1])
def test_a_reader_that_leaves_early_ends_the_command_quietly(lines):
    command = [sys.executable, "-m", "autograd_lab_cli", "explain", "chain", "--n", "300"]
    with subprocess.Popen(
        [*command, "--numeric", "-v"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(),
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        for _ in range(lines):
            assert child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read()
    assert (child.returncode, said) == (0, b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ("chain", "--n", "6"),
        ("chain", "--w", "100", "--b", "auto", "--wrt", "w2", "--wrt", "b3"),
        ("(a+b)*(b+1)", "--at", "a=2,b=1", "--wrt", "b"),
        ("b=a+a; c=b+b", "--at", "a=1"),
        ("where(x>0, x**y, -x)*relu(y)", "--at", "x=2,y=3"),
        ("elu(x, 0.5) + leaky_relu(x) + log(x*x)", "--at", "x=-1"),
        ("step_1*v1*u1*t1*q1*node1 + x*x*x", "--at", "random"),
    ],
    ids=str,
)
def test_json_pipes_back_into_the_command(arguments):
    first = done(*arguments, "--json", "-")
    assert first.err == ""
    again = done("-", "--json", "-", stdin=first.data)
    ours, theirs = json.loads(first.out), json.loads(again.out)
    assert ours["gradients"] == theirs["gradients"]
    if ours["factors"]:
        assert ours["factors"][-1]["running"] == theirs["factors"][-1]["running"]
    assert ours["wrt"] == theirs["wrt"]
    named = [{n["name"]: n["value"] for n in d["nodes"] if n.get("name")} for d in (ours, theirs)]
    assert named[0].items() <= named[1].items()


def test_a_target_from_standard_input_may_be_text():
    found = done("-", "--at", "w=1,x=2", "--wrt", "w", stdin=b"  sigmoid(w*x)\n")
    assert found.out == done("sigmoid(w*x)", "--at", "w=1,x=2", "--wrt", "w").out
    assert "VANISHING" in done("-", "-q", stdin=b"chain").out


def test_a_target_from_a_file(tmp_path):
    saved = tmp_path / "graph.json"
    done("chain", "--json", str(saved))
    assert "+9.632086e-04" in done(str(saved), "-q", "--wrt", "b1").out
    refused = explain(str(saved), "--at", "b1=3")
    assert_refused(refused)
    assert "carries its own values" in refused.err


@pytest.mark.parametrize(
    "data",
    [
        b"", b" \n ", b"{", b"[]", b"\xff\xfe", b'{"a": 1}', b"{}" + b" " * 20_000, b"x.json",
        b"x\x00y", b"random", b"[" * 5000, b'{"schema": "autograd-lab/explain/2", "nodes": []}',
    ],
    ids=lambda data: repr(data[:24]),
)  # fmt: skip
def test_hostile_standard_input_is_refused(data):
    assert_refused(explain("-", stdin=data))


def test_a_terminal_is_not_read_as_standard_input():
    stdin = Stream(tty=True)
    out, err = Stream(), Stream()
    with standard(stdin=stdin, stdout=out, stderr=err):
        assert run(["explain", "-"]) == 2
    assert b"nothing is piped in" in err.taken()


# --- targets and options -------------------------------------------------------------------------


def gradient(*arguments: str) -> float:
    """The asked-for gradient in full precision, read from JSON."""
    data = json.loads(done(*arguments, "--json", "-").out)
    return float(data["derivations"][0]["total"]["value"])


def test_expressions_with_a_leading_minus():
    assert gradient("-x**2", "--at", "x=3") == -6
    assert gradient("-x", "--at", "x=3") == -1
    assert gradient("-w*x", "--at", "w=2,x=3", "--wrt", "x") == -2
    assert call("explain", "--at", "x=3", "-q", "--", "-x**2").out.startswith("∂y/∂x = -6")


def test_values():
    assert gradient("x*y", "--at", " x = 2 , y=-3e-1 ", "--wrt", "x") == -0.3
    one, two = (done("x*tanh(y)", "--at", "random", "--seed", s, "-q").out for s in "12")
    assert one != two
    assert one == done("x*tanh(y)", "--at", "random", "--seed", "1", "-q").out
    assert "seed 1" in done("x*tanh(y)", "--at", "random", "--seed", "1").out


def test_chain_options():
    sigmoid = 1 / (1 + math.exp(-(0.5 * 2 + 0.25)))
    slope = sigmoid * (1 - sigmoid)
    alone = ("chain", "--n", "1", "--w", "0.5", "--b", "0.25", "--x", "2", "--y", "0.1")
    assert gradient(*alone) == pytest.approx((sigmoid - 0.1) * slope, rel=1e-14)
    assert gradient(*alone, "--wrt", "w1") == pytest.approx(2 * (sigmoid - 0.1) * slope, rel=1e-14)
    assert gradient(*alone, "--cost", "square") == pytest.approx(
        2 * (sigmoid - 0.1) * slope, rel=1e-14
    )
    assert gradient(*alone, "--cost", "a**3") == pytest.approx(3 * sigmoid**2 * slope, rel=1e-14)
    assert gradient(*alone, "--act", "linear", "--cost", "none") == 1
    assert gradient("chain", "--w", "100", "--b", "auto", "--y", "1") == -(0.5 * 0.25**4 * 100**3)


def test_wrt_twice_explains_both():
    out = done("chain", "--wrt", "w2", "--wrt", "b3").out
    assert "∂C/∂w₂ = " in done("chain", "--wrt", "w2", "--wrt", "b3", "-q").out
    for name in ("∂C/∂w₂", "∂C/∂b₃"):
        assert re.search(rf"THE PRODUCT.*{name}", out)


def test_quiet_verbose_precision():
    assert done("chain", "-q").out == "∂C/∂b₁ = +9.632086e-04\nVERDICT VANISHING\n"
    assert "9.63e-04" in done("chain", "-q", "--precision", "2").out
    exact = re.search(r"= (\S+)", done("chain", "-q", "--precision", "17").out)
    assert exact is not None
    assert float(exact[1]) == gradient("chain")
    long = done("chain", "--n", "30", "--numeric").out
    full = done("chain", "--n", "30", "--numeric", "-v").out
    assert "⋮" in long
    assert "⋮" not in full
    assert "factors between" in long
    assert "factors between" not in full
    assert full.count("∂a₁₅") > long.count("∂a₁₅")


def test_symbolic_needs_no_values_and_expand_writes_exponentials():
    assert "0.5" not in done("sigmoid(w*x)", "--symbolic", "--wrt", "w").out
    assert "exp(" in done("chain", "--n", "1", "--expand").out
    assert "exp(" not in done("chain", "--n", "1").out.replace("exponentials", "")


def test_show_naive_counts_visits():
    found = done("b=a+a; c=b+b", "--at", "a=1", "--show-naive").out
    assert re.search(r"correct 4 · without topological order 8 .* 7 visits instead of 3", found)
    doublings = "; ".join(f"b{i}=b{i - 1}+b{i - 1}" for i in range(1, 11)).replace("b0", "a")
    found = done(doublings, "--at", "a=1", "--show-naive").out
    assert "correct 1,024" in found
    assert "2,345,233,639,424" in found
    assert "2,047 visits" in found


def test_lists():
    functions = done("--functions").out
    for name in FUNCTIONS:
        assert re.search(rf"\b{name}\(", functions), name
    presets = done("--presets").out
    for name in PRESETS:
        assert name in presets
        assert "∂" in done("--preset", name, "-q").out
    for listing in ("--functions", "--presets"):
        assert explain(listing, "--ascii").data.isascii()


def test_help_and_version():
    for arguments in (("--help",), ("-h",), ("explain", "-h"), ("doctor", "--help")):
        found = call(*arguments)
        assert (found.status, found.err) == (0, "")
        assert "Usage: autograd-lab" in found.out
    assert re.fullmatch(r"autograd-lab \d+\.\d+\.\d+\S*\n", call("--version").out)
    text = call("explain", "--help").out
    assert text.index("Examples:") < text.index("Options:")
    for wrong in (("explan", "chain"), ("nothing",)):
        assert_refused(call(*wrong))


def test_alone_the_command_shows_its_help_as_lines():
    found = call()
    text = found.out + found.err
    assert "Usage: autograd-lab [OPTIONS] COMMAND" in text
    assert "\\b" not in text
    assert text.count("\n") > 10
    assert max(map(len, text.split("\n"))) <= 100


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"sympy", "numpy", "pygraphviz", "mpmath"}),
        (["explain", "--help"], {"sympy", "numpy", "pygraphviz", "mpmath"}),
        (["explain", "chain", "--grap", "x"], {"sympy", "numpy", "pygraphviz", "mpmath"}),
        (["explain", "chain", "--numeric", "--show-naive", "--steps"], {"sympy", "pygraphviz"}),
        (["explain", "--preset", "cs231n-sigmoid", "--numeric", "-f", "json"], {"sympy"}),
        (["explain", "x*y", "--at", "x=1,y=2", "--numeric", "-f", "latex"], {"sympy"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_needed_is_not_imported(arguments, unwanted):
    program = (
        "import sys; from autograd_lab_cli.main import run; run(sys.argv[1:]);"
        "print('LOADED', *sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True,
        encoding="utf-8", timeout=60, env=environment(), check=True,
    )  # fmt: skip
    loaded = set(found.stdout.rpartition("LOADED")[2].split())
    assert "autograd_lab_cli.main" in loaded
    assert not loaded & unwanted


def test_numeric_says_what_it_leaves_out():
    assert "left out by --numeric" in done("chain", "--numeric").out


# --- formats and files ---------------------------------------------------------------------------

SIGNS = {
    "text": b"1  FORWARD",
    "markdown": b"#",
    "latex": rb"\frac{\partial",
    "json": b"{",
    "dot": b"digraph",
    "mermaid": b"flowchart",
    "tikz": rb"\begin{tikzpicture}",
    "svg": b"<svg",
    "png": b"\x89PNG\r\n\x1a\n",
    "pdf": b"%PDF-",
}


def test_every_format_on_standard_output_and_by_every_ending(tmp_path):
    assert set(SIGNS) == set(FORMATS)
    found = {form: done(*EXPRESSION[1:], "-f", form) for form in FORMATS}
    for form, result in found.items():
        assert SIGNS[form] in result.data[:400], form
        assert result.err == ""
    for ending, form in ENDINGS.items():
        target = tmp_path / f"file{ending.upper() if ending == '.svg' else ending}"
        written = done(*EXPRESSION[1:], "-o", str(target))
        assert written.data == b""
        assert f"wrote {target}" in written.err
        if form != "pdf":  # a PDF may carry its date
            assert target.read_bytes() == found[form].data, ending
        assert target.read_bytes().startswith(found[form].data[:8])


def test_every_picture_by_graph_and_every_extra_in_one_run(tmp_path):
    pictures = [e for e, f in ENDINGS.items() if f not in ("text", "markdown", "latex", "json")]
    for ending in pictures:
        target = tmp_path / f"graph{ending}"
        done(*EXPRESSION[1:], "-q", "--graph", str(target))
        assert SIGNS[ENDINGS[ending]] in target.read_bytes()[:400]
    names = {"--json": "a.json", "--latex": "a.tex", "--markdown": "a.md", "--graph": "a.svg"}
    files = [word for o, name in names.items() for word in (o, str(tmp_path / name))]
    result = done(*EXPRESSION[1:], *files)
    assert result.err.count("wrote ") == 4
    assert result.out == done(*EXPRESSION[1:]).out
    for name in names.values():
        assert SIGNS[ENDINGS[Path(name).suffix]] in (tmp_path / name).read_bytes()[:2000]


def test_a_format_wins_over_an_ending_and_dash_is_standard_output(tmp_path):
    target = tmp_path / "data.txt"
    done("chain", "-f", "json", "-o", str(target))
    assert json.loads(target.read_text(encoding="utf-8"))["schema"] == "autograd-lab/explain/1"
    assert done("chain", "-o", "-").out == done("chain").out
    assert json.loads(done("chain", "-f", "json").out) == json.loads(
        done("chain", "--json", "-").out
    )
    both = done("chain", "--json", "-", "-o", str(target.with_suffix(".md")))
    assert json.loads(both.out)
    assert target.with_suffix(".md").read_text(encoding="utf-8").startswith("#")


def test_themes():
    light, dark, auto = (done("chain", "-f", "svg", "--theme", t).out for t in
                         ("light", "dark", "auto"))  # fmt: skip
    assert len({light, dark, auto}) == 3
    assert "prefers-color-scheme" in auto
    assert "prefers-color-scheme" not in light + dark


def test_two_outputs_cannot_have_one_name(tmp_path):
    name, other = str(tmp_path / "a.txt"), str(tmp_path / "." / "a.txt")
    for second in (name, other):
        assert_refused(explain("chain", "-o", name, "--json", second))
    assert listed(tmp_path) == []
    assert done("chain", "-o", os.devnull, "-f", "json", "--latex", os.devnull).err == ""


def unusable(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "folder.svg"
    folder.mkdir(exist_ok=True)
    return {
        "a folder": folder,
        "no such folder": tmp_path / "none" / "x.svg",
        "a file as folder": tmp_path / "kept.svg" / "x.svg",
        "too long": tmp_path / ("x" * 300 + ".svg"),
    }


def test_an_unusable_target_is_refused_before_anything_is_written(tmp_path):
    kept = tmp_path / "kept.svg"
    kept.write_text("kept")
    for what, target in unusable(tmp_path).items():
        for option in ("-o", "--graph"):
            result = explain("chain", option, str(target), "--json", str(tmp_path / "new.json"))
            assert_refused(result)
            assert len(result.err) < 700, what
    assert listed(tmp_path) == ["folder.svg", "kept.svg"]
    assert kept.read_text() == "kept"


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder(tmp_path):
    tmp_path.chmod(0o555)
    try:
        result = explain("chain", "-o", str(tmp_path / "x.svg"))
    finally:
        tmp_path.chmod(0o755)
    assert_refused(result)
    assert "ermission" in result.err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left", "disk")])
def test_a_write_that_fails_keeps_the_old_file_and_leaves_no_half_one(tmp_path, monkeypatch, error):
    target = tmp_path / "chain.svg"
    target.write_text("kept")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(streams.Path, "replace", fail)
    with standard(stderr=Stream()), pytest.raises(type(error)):
        streams.write_file(target, b"new")
    assert listed(tmp_path) == ["chain.svg"]
    assert target.read_text() == "kept"


@posix
def test_files_keep_their_mode_links_and_kind(tmp_path):
    real, link, plain = tmp_path / "real.svg", tmp_path / "link.svg", tmp_path / "new.svg"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    for target in (link, plain):
        done("chain", "-o", str(target))
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8").startswith("<svg")
    assert real.stat().st_mode & 0o777 == 0o640
    mask = os.umask(0)
    os.umask(mask)
    assert plain.stat().st_mode & 0o777 == 0o666 & ~mask
    assert done("chain", "-f", "svg", "-o", os.devnull).data == b""
    assert Path(os.devnull).is_char_device()


@posix
def test_a_loop_of_links_is_refused_in_words(tmp_path):
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    one.symlink_to(two)
    two.symlink_to(one)
    assert_refused(explain("chain", "-o", str(one)))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_no_defect():
    result = explain("chain", "-f", "svg", "-o", "/dev/full")
    assert_refused(result)
    assert "space" in result.err


@posix
def test_the_name_of_a_file_is_echoed_without_control_characters(tmp_path):
    result = done("chain", "-q", "-o", str(tmp_path / "a\n\x1b[31mb.svg"))
    assert "\x1b" not in result.err
    assert result.err.count("\n") == 1


# --- hostile names -------------------------------------------------------------------------------

NAMES = ("script", "onload", "href", "N", "G", "E", "end", "input", "graph", "subgraph", "style",
         "click", "javascript", "x_1", "a_b_c", "lambda_1", "constructor1", "beta")  # fmt: skip


def test_no_format_carries_markup_of_the_user():
    """Refused names never get in; the others appear as text only, in every format."""
    allowed = [
        name for name in NAMES if explain(f"{name}*2", "--at", f"{name}=1", "-q").status == 0
    ]
    assert len(allowed) >= 12
    target = "*".join(allowed)
    at = ",".join(f"{name}={i}" for i, name in enumerate(allowed))
    for form in FORMATS:
        data = done(target, "--at", at, "-f", form).data
        if form in ("png", "pdf"):
            assert data.startswith(SIGNS[form])
            continue
        text = data.decode("utf-8").lower()
        for markup in ("<script", "href=", "onload=", r"\input", "url(", "<a "):
            assert markup not in text.replace("url(#", ""), (form, markup)
    root = ElementTree.fromstring(done(target, "--at", at, "-f", "svg").out)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "a", "foreignObject", "image", "use", "iframe"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not any(name.lower().startswith("on") or "href" in name for name in attributes)
    values = [value for element in root.iter() for value in element.attrib.values()]
    assert not any("javascript" in value for value in values if ":" in value and value[:1] != "/")


def test_latex_escapes_underscores_of_names():
    latex = done("a_b_c*x_y", "--at", "a_b_c=1,x_y=2", "-f", "latex").out
    body = "\n".join(line for line in latex.split("\n") if not line.startswith("%"))
    assert not re.search(r"_[^{]", body.replace(r"\_", "")), body
    assert latex.count("{") == latex.count("}")
