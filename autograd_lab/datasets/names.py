"""The names that ``datasets.read`` and the command know; nothing heavy is imported for them."""

from __future__ import annotations

GENERATED = ("moons", "circles", "blobs", "spirals", "xor")
BUNDLED = ("iris", "wine", "breast_cancer", "digits", "diabetes")
IMAGES = ("fashion_mnist", "mnist")
NAMES = (*GENERATED, *BUNDLED, *IMAGES)
TABLES = (".csv", ".tsv", ".txt", ".data")  # endings of files that are read as CSV
