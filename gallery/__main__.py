"""``python -m autograd_lab_gallery [FOLDER]`` draws the committed pictures again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from autograd_lab_gallery.pictures import PICTURES


def main(arguments: Sequence[str]) -> None:
    """Write every picture into the folder, by default the gallery's own."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        (folder / name).write_text(draw(), encoding="utf-8", newline="\n")
        sys.stdout.write(f"{folder / name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
