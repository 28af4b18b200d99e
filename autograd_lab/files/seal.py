"""The seal in the header of a file of arrays: whatever byte of the file changes, it breaks.

A safetensors file is a length, a header in JSON, and the bytes of the arrays with no gap between or
after them.  What this program adds stands as JSON under one key of the header's ``__metadata__``:

``seal``      SHA-256 of length and header, taken with 64 zeros in place of the seal
``format``    the version of this layout
``sha256``    name -> SHA-256 of the array's bytes, in the order in which the arrays were given
``metadata``  the caller's own

The seal covers the header and with it the digests; these cover the arrays.  That finds damage; it
is no signature, since whoever changes a file on purpose can seal it again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from autograd_lab.files.atomic import PathLike
from autograd_lab.files.refusals import damage, refusal

FORMAT = 1
ENTRY = "autograd_lab"  # one key: several are written in random order, equal models would differ
BLANK = "0" * 64
SEAL = re.compile(rb'"{\\"seal\\": \\"([0-9a-f]{64})\\"')


def blank_note(digests: Mapping[str, str], metadata: Mapping[str, Any]) -> dict[str, str]:
    """The text to be written into ``__metadata__``, with room for the seal."""
    note = {"seal": BLANK, "format": FORMAT, "sha256": digests, "metadata": metadata}
    return {ENTRY: json.dumps(note)}


def seal(data: bytearray) -> None:
    """Put the seal into the file's bytes, which hold a blank note."""
    header = header_of(data)
    found = SEAL.search(header)
    assert found is not None
    data[slice(*found.span(1))] = _digest(header, *found.span(1))


def is_sealed(data: bytes) -> bool:
    """Whether a file's bytes bear a seal, intact or broken."""
    return bool(SEAL.search(header_of(data)))


def read_note(path: PathLike, data: bytes | bytearray) -> dict[str, Any]:
    """What this program wrote into the header, after its seal was found intact.

    Raises DamagedFileError if it is not, FileError for another format; ``path`` is named in them.
    """
    header = header_of(data)
    found = SEAL.search(header)
    if found is None:
        raise damage(
            path,
            "it bears no seal of autograd-lab: another program wrote it, or its header is damaged",
            "Read weights from elsewhere with read_foreign; else take another copy of it.",
        )
    if _digest(header, *found.span(1)) != found[1]:
        raise damage(path, "its header is damaged: the seal is broken")
    note = _own_json(header)
    if note.get("format", FORMAT) != FORMAT:
        raise refusal(
            path,
            f"it has format {note['format']!r}; this autograd-lab reads format {FORMAT}",
            "Read it with the autograd-lab that wrote it, or a newer one.",
        )
    if not all(isinstance(note.get(part), dict) for part in ("sha256", "metadata")):
        raise damage(path, "its header is not as this program writes it")
    return note


def header_of(data: bytes | bytearray) -> bytes:
    """The length and the JSON text that a file begins with; less of it if the file is cut off."""
    return bytes(data[: 8 + int.from_bytes(data[:8], "little")])


def _digest(header: bytes, start: int, end: int) -> bytes:
    """SHA-256 of the header, with zeros where the seal stands."""
    blank = b"".join([header[:start], BLANK.encode(), header[end:]])
    return hashlib.sha256(blank).hexdigest().encode()


def _own_json(header: bytes) -> dict[str, Any]:
    """The entry of this program; nothing if another hand has written and sealed the header."""
    try:
        note = json.loads(json.loads(header[8:])["__metadata__"][ENTRY])
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}
