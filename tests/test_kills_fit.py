"""A ``fit`` that is killed at every point of writing ends with the bits of one left alone."""

from __future__ import annotations

import os
from pathlib import Path

import kills_fit
import pytest
from crashes import POINTS
from kills import campaign

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals that kill")
PROGRAM = Path(kills_fit.__file__)


def test_killed_at_every_point_fit_ends_with_the_same_weights_and_history(tmp_path):
    """``python tests/kills_fit.py --kills 200`` is the same with more of them."""
    found = campaign(8, tmp_path, 0, PROGRAM, kills_fit.train, kills_fit.key())
    assert found == dict.fromkeys((*POINTS, "time"), 1)


def test_a_generator_that_is_forgotten_is_found_out(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text(
        f"import sys\nsys.path.insert(0, {str(PROGRAM.parent)!r})\n"
        "import autograd_lab.training.loop as loop\n"
        "loop.restore_generator = lambda *_: None\n"
        "import kills, kills_fit\n"
        "kills.main(kills_fit.Path(__file__), kills_fit.train, kills_fit.key)\n"
    )
    with pytest.raises(AssertionError, match="other numbers"):
        campaign(3, tmp_path, 0, broken, kills_fit.train, kills_fit.key())
