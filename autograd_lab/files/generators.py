"""Random generators, stopped and started again: their state as JSON-able values, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lab.errors import UsageError


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """Where a generator stands, for ``restore_generator``; whole numbers of up to 128 bits.

    The state does not count how many children were spawned: spawn streams before the training.

    >>> g = np.random.default_rng(1)
    >>> state = generator_state(g)
    >>> first = g.random()
    >>> restore_generator(g, state)
    >>> g.random() == first
    True
    """
    return _without_arrays(generator.bit_generator.state)  # type: ignore[no-any-return]


def restore_generator(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Go on from a state: the numbers drawn next are those that followed it, to the last bit.

    Raises UsageError, and leaves the generator as it was, if the state is of another kind of
    generator or not whole.
    """
    kind = type(generator.bit_generator)
    trial = kind()
    try:
        trial.state = state
        exact = generator_state(np.random.Generator(trial)) == state
    except (ValueError, TypeError, KeyError, IndexError, OverflowError):
        exact = False
    if not exact:
        found = state.get("bit_generator") if isinstance(state, dict) else None
        raise UsageError(
            f"restore_generator: the state (of {found}) does not fit a {kind.__name__} generator; "
            "give what generator_state returned for one"
        )
    generator.bit_generator.state = state


def _without_arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_arrays(entry) for key, entry in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value
