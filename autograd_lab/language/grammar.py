"""From tokens to statements: brackets balanced, no value missing, no sign left out.

The check is complete but for the depth of operations: what passes here is grammatical, so that
Python's parser behind it meets neither a surprise nor a reason for a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from autograd_lab.language.lexer import Token, tokens
from autograd_lab.language.refusal import printable, refusal

MAX_CHARACTERS = 2_000
MAX_BRACKETS = 100
MAX_SIGNS = 8


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
            remedy="Leave a part out, or name what occurs often: b = ...;",
        )
    if not text.strip():
        raise refusal("the expression is empty", remedy='Write one, for example "tanh(w*x + b)".')
    grammar = _Grammar(text)
    found = [Statement()]
    for token in tokens(text):
        grammar.check(token)
        if token.text == ";":
            found.append(Statement())
        elif token.text == "=":
            found[-1].target = found[-1].tokens.pop()
        else:
            found[-1].tokens.append(token)
    grammar.check_end()
    return found if found[-1].tokens else found[:-1]


class _Grammar:
    """What came before the next token, and so which tokens may follow."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.brackets: list[tuple[Token, bool]] = []  # not yet closed; True for a call's
        self.previous = Token("sign", ";", 0)
        self.place = 0  # of the token in its statement
        self.signs = 0  # + and - in a row
        self.assigned = False  # this statement has had its =

    @property
    def wants_value(self) -> bool:
        return self.previous.kind == "sign" and self.previous.text != ")"

    def check(self, token: Token) -> None:
        """Let a token pass, or raise the refusal of it."""
        sign = token.text if token.kind == "sign" else ""
        self.signs = self.signs + 1 if sign in ("+", "-") else 0
        if not sign or sign == "(":
            self.check_value(token)
        elif sign == "=":
            self.check_assignment(token)
        elif sign in ("+", "-"):
            self.check_signs(token)
        else:
            self.check_separator(token)
        self.previous, self.place = token, self.place + 1
        if sign == ";":
            self.place, self.assigned = 0, False

    def check_value(self, token: Token) -> None:
        opens = token.text == "("
        call = opens and self.previous.kind == "name"
        if not self.wants_value and not call:
            raise _side_by_side(self.text, self.previous, token)
        if opens:
            self.brackets.append((token, call))
        if len(self.brackets) > MAX_BRACKETS:
            raise refusal(
                f"more than {MAX_BRACKETS} brackets inside each other", self.text, token.start,
                remedy="Name the inner part: b = ...; then use b.",
            )  # fmt: skip

    def check_signs(self, token: Token) -> None:
        if self.signs > MAX_SIGNS:
            raise refusal(
                f"more than {MAX_SIGNS} signs in a row", self.text, token.start,
                remedy="Two minus signs cancel: leave them out.",
            )  # fmt: skip

    def check_separator(self, token: Token) -> None:
        """A sign that ends a value: an operator for two values, or one of ) , ;."""
        sign = token.text
        empty_call = sign == ")" and self.previous.text == "(" and self.brackets[-1][1]
        if self.wants_value and not empty_call:
            raise _missing(self.text, token.start, f"a value is missing before '{sign}'")
        if sign == ")":
            if not self.brackets:
                raise refusal(
                    f"the bracket at column {token.start + 1:,} closes nothing",
                    *(self.text, token.start),
                    remedy="Leave it out, or open one before it.",
                )
            self.brackets.pop()
        elif sign == ";" and self.brackets:
            raise _never_closed(self.text, self.brackets[-1][0])
        elif sign == "," and not (self.brackets and self.brackets[-1][1]):
            raise refusal(
                "a comma outside the brackets of a function", self.text, token.start,
                remedy="Write numbers with a point: 0.5.  End a statement with ;",
            )  # fmt: skip

    def check_assignment(self, token: Token) -> None:
        if self.brackets:
            what = "'=' inside brackets: arguments are given in order, without names"
        elif self.assigned:
            what = "a second '=' in one statement"
        elif self.place != 1 or self.previous.kind != "name":
            what = "'=' needs one name on its left"
        else:
            self.assigned = True
            return
        raise refusal(
            what, self.text, token.start,
            remedy="Write name = expression;  Equality inside where is ==",
        )  # fmt: skip

    def check_end(self) -> None:
        if self.brackets:
            raise _never_closed(self.text, self.brackets[-1][0])
        if self.wants_value and self.previous.text != ";":
            previous = self.previous
            raise _missing(self.text, previous.end, f"a value is missing after '{previous.text}'")


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
