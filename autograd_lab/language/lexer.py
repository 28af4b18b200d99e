"""From the text of an expression to its tokens: numbers, names and the few known signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from autograd_lab.language.names import name_fault
from autograd_lab.language.refusal import printable, refusal
from autograd_lab.language.spelling import described, spelled

MAX_DIGITS = 40

_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<wrong>//|<<|>>|<>|->|:=|\*\*=|[-+*/]=|&&|\|\|)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/(),;=<>])"
    r"|(?P<other>.)",
    re.ASCII | re.DOTALL,
)
_NOT_DECIMAL = re.compile(r"0[xXbBoO][0-9A-Fa-f_]*\b|[\d.]+(?:_\d+)+|[\d.]+(?:[eE][+-]?\d+)?[jJ]\b")
_INSTEAD = {
    "^": "Write ** for a power: x**2.",
    "//": "Write / to divide; there is no rounding down.",
    "%": "There is no remainder; write a/100 for per cent.",
    "@": "Write * : only single numbers are multiplied here.",
    "'": "Leave the quotation marks out: text is not read here.",
    '"': "Leave the quotation marks out: text is not read here.",
    ".": "A dot belongs inside a number only, as in 0.5; nothing has attributes here.",
    ":=": "Give a name with = and end it with ; as in b = a + a; b*b",
    "!": "There is no factorial; 'not equal' is != inside where.",
    "\\": "LaTeX is not read; write sqrt(x), exp(x), a*b.",
    "|": "Write abs(x) for the size of x.",
    "&&": "Write where(a > 0, where(b > 0, ...), ...) for two conditions.",
    "||": "Write where(a > 0, ..., where(b > 0, ...)) for two conditions.",
    ":": "Give a name with = and end it with ; as in b = a + a; b*b",
    "#": "Comments are not read.",
    "\n": "End a statement with ; and go on in the same line.",
    "\t": "Put a space there.",
} | dict.fromkeys("[]{}", "Use round brackets ( ) only.")
_SIGNS_READ = "Known signs: + - * / ** ( ) , ; = and, inside where, < <= > >= == !="


@dataclass(frozen=True)
class Token:
    """A number, a name or a sign, and where it starts."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of an expression, or an ExpressionError at the first that is not read.

    >>> [token.text for token in tokens("2*sin(x)")]
    ['2', '*', 'sin', '(', 'x', ')']
    """
    position = 0
    while position < len(text):
        if text[position] == " ":
            position += 1
            continue
        match = _TOKEN.match(text, position)
        assert match is not None
        token = Token(match.lastgroup or "other", match.group(), position)
        if token.kind in ("wrong", "other"):
            raise _unreadable(text, token)
        if token.kind == "number":
            _check_number(text, token)
        elif token.kind == "name" and (fault := name_fault(token.text)):
            raise refusal(
                f"'{printable(token.text)}' {fault[0]}", text, token.start, token.end,
                remedy=fault[1],
            )  # fmt: skip
        yield token
        position = token.end


def _unreadable(text: str, token: Token) -> Exception:
    sign, start = token.text, token.start
    where = f"at column {start + 1:,}"
    if sign.isascii() and sign.isprintable():
        remedy = _INSTEAD.get(sign, _SIGNS_READ)
        return refusal(
            f"'{sign}' {where} is not read", text, start, start + len(sign), remedy=remedy
        )
    remedy = _INSTEAD.get(sign, "Only printable ASCII is read.")
    instead = None if sign.isascii() else spelled(sign)
    if instead:
        remedy = f"Write {instead} instead; only ASCII is read."
    return refusal(f"{described(sign)} {where} is not read", text, start, remedy=remedy)


def _check_number(text: str, token: Token) -> None:
    span = (text, token.start, token.end)
    other = _NOT_DECIMAL.match(text, token.start)
    if other and other.end() > token.end:
        raise refusal(
            f"'{printable(other.group(), 20)}' is no decimal number",
            *(text, token.start, other.end()),
            remedy="Write numbers as 255, 0.5 or 1e-3: no hexadecimals, _ or j.",
        )
    digits = sum(c.isdigit() for c in token.text)
    if digits > MAX_DIGITS:
        raise refusal(
            f"a number of {digits:,} digits; at most {MAX_DIGITS} are read", *span,
            remedy="A float keeps 17 digits: shorten it, or write it as 1.5e30.",
        )  # fmt: skip
    if re.fullmatch(r"0\d+", token.text):
        raise refusal(
            "a whole number that starts with 0", *span,
            remedy=f"Write {int(token.text)}.",
        )  # fmt: skip
    value = float(token.text)
    if not isfinite(value) or (value == 0.0 and re.match(r"[0.]*[1-9]", token.text)):
        raise refusal(
            "a number beyond the range of floats", *span,
            remedy="Sizes from 5e-324 to 1.7e308 are read.",
        )  # fmt: skip
