"""Whether a text repeats the deck's wording: the deck itself is not kept here, only hashes of it.

``lecture_words.txt`` holds a hash of every seven words in a row of the deck's text, in order of
the hash.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

ROW = 7
DIGITS = 8
HASHES = Path(__file__).with_name("lecture_words.txt")


def rows_of(text: str) -> dict[str, str]:
    """The hash of every seven words in a row, and the words."""
    words = re.findall(r"[a-z]{2,}", text.lower())
    rows = (" ".join(words[i : i + ROW]) for i in range(len(words) - ROW + 1))
    return {hashlib.sha256(row.encode()).hexdigest()[:DIGITS]: row for row in rows}


def known() -> set[str]:
    """The hashes of the deck."""
    return set(HASHES.read_text(encoding="utf-8").split())


def write(text: str) -> None:
    """Keep the hashes of the deck's text."""
    HASHES.write_text("\n".join(sorted(rows_of(text))) + "\n", encoding="utf-8")


def repeated(text: str) -> list[str]:
    """The rows of words that stand in the deck as well."""
    deck = known()
    return [words for key, words in rows_of(text).items() if key in deck]
