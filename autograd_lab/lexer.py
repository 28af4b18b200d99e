"""From the text of an expression to its statements, refusing all that is not plain arithmetic.

The check of the tokens is complete but for the depth of nesting: what passes here is grammatical,
so that Python's parser behind it sees neither a surprise nor a reason for a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite

from autograd_lab.names import name_fault
from autograd_lab.refusal import printable, refusal
from autograd_lab.spelling import described, spelled

MAX_CHARACTERS = 2_000
MAX_DIGITS = 40
MAX_BRACKETS = 100
MAX_SIGNS = 8

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


@dataclass
class Statement:
    """``target = tokens`` or, without a target, a value."""

    target: Token | None = None
    tokens: list[Token] = field(default_factory=list)

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end


def statements(text: str) -> list[Statement]:
    """The statements of an expression, each grammatical.

    >>> [(s.target and s.target.text, len(s.tokens)) for s in statements("b=a+a; b*b")]
    [('b', 3), (None, 3)]
    """
    if len(text) > MAX_CHARACTERS:
        raise refusal(
            f"the expression has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read",
            remedy="Give a larger graph as a file: FILE.json.",
        )
    if not text.strip():
        raise refusal("the expression is empty", remedy='Write one, for example "tanh(w*x + b)".')
    found = [Statement()]
    for token in _checked(text):
        if token.text == ";":
            found.append(Statement())
        elif token.text == "=":
            found[-1].target = found[-1].tokens.pop()
        else:
            found[-1].tokens.append(token)
    return found if found[-1].tokens else found[:-1]


def _tokens(text: str) -> Iterator[Token]:
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


def _checked(text: str) -> Iterator[Token]:
    """The tokens, each where the grammar allows it; brackets balanced, no value missing."""
    brackets: list[tuple[Token, bool]] = []  # opened and not yet closed; True for a call's
    previous = Token("sign", ";", 0)
    place = 0  # of the token in its statement
    signs = 0
    assigned = False
    for token in _tokens(text):
        sign = token.text if token.kind == "sign" else ""
        wants_value = previous.kind == "sign" and previous.text != ")"
        signs = signs + 1 if sign in ("+", "-") else 0
        if signs > MAX_SIGNS:
            raise refusal(
                f"more than {MAX_SIGNS} signs in a row", text, token.start,
                remedy="An even number of minus signs cancels: leave them out.",
            )  # fmt: skip
        if not sign or sign == "(":
            call = sign == "(" and previous.kind == "name"
            if not wants_value and not call:
                raise _side_by_side(text, previous, token)
            if sign:
                brackets.append((token, call))
            if len(brackets) > MAX_BRACKETS:
                raise refusal(
                    f"more than {MAX_BRACKETS} brackets inside each other", text, token.start,
                    remedy="Name the inner part: b = ...; then use b.",
                )  # fmt: skip
        elif sign == "=":
            _check_assignment(text, token, previous, place, assigned, bool(brackets))
            assigned = True
        else:
            closes_empty_call = sign == ")" and previous.text == "(" and brackets[-1][1]
            if wants_value and sign not in ("+", "-") and not closes_empty_call:
                raise _missing(text, token.start, f"a value is missing before '{sign}'")
            _check_bracket(text, token, brackets)
        yield token
        previous, place = token, place + 1
        if sign == ";":
            place, assigned = 0, False
    if brackets:
        raise _never_closed(text, brackets[-1][0])
    if previous.kind == "sign" and previous.text not in (")", ";"):
        raise _missing(text, previous.end, f"a value is missing after '{previous.text}'")


def _check_bracket(text: str, token: Token, brackets: list[tuple[Token, bool]]) -> None:
    if token.text == ")":
        if not brackets:
            raise refusal(
                f"the bracket at column {token.start + 1:,} closes nothing", text, token.start,
                remedy="Leave it out, or open one before it.",
            )  # fmt: skip
        brackets.pop()
    elif token.text == ";" and brackets:
        raise _never_closed(text, brackets[-1][0])
    elif token.text == "," and not (brackets and brackets[-1][1]):
        raise refusal(
            "a comma outside the brackets of a function", text, token.start,
            remedy="Write numbers with a point: 0.5.  End a statement with ;",
        )  # fmt: skip


def _check_assignment(
    text: str, token: Token, previous: Token, place: int, assigned: bool, inside: bool
) -> None:
    if inside:
        what = "'=' inside brackets: arguments are given in order, without names"
    elif assigned:
        what = "a second '=' in one statement"
    elif place != 1 or previous.kind != "name":
        what = "'=' needs one name on its left"
    else:
        return
    raise refusal(
        what, text, token.start, remedy="Write name = expression;  Equality inside where is =="
    )


def _side_by_side(text: str, previous: Token, token: Token) -> Exception:
    left, right = printable(previous.text, 20), printable(token.text, 20)
    return refusal(
        f"'{left}' and '{right}' stand side by side without a sign between them",
        *(text, previous.start if previous.text != ")" else token.start, token.end),
        remedy=f"Write * to multiply: {left}*{right}"
        if left + right != ")("
        else "Write * to multiply: (a)*(b)",
    )


def _missing(text: str, position: int, what: str) -> Exception:
    return refusal(what, text, position, remedy="Put a number, a name or a bracket there.")


def _never_closed(text: str, bracket: Token) -> Exception:
    return refusal(
        f"the bracket opened at column {bracket.start + 1:,} is never closed", text, bracket.start,
        remedy="Close it with )",
    )  # fmt: skip
