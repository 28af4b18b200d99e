"""Weights of other programs: which way round they are, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from autograd_lab import layers, models
from autograd_lab.diagnosis import explain_gradients
from autograd_lab.diagnosis.weights_files import (
    as_weights,
    examples,
    explain_model,
    explain_weights,
    is_model,
    read_weights,
)
from autograd_lab.errors import UsageError

RNG = np.random.default_rng(0)
SIZES = (64, 30, 20, 10)
KERNELS = [RNG.normal(0, 0.2, pair) for pair in itertools.pairwise(SIZES)]
BIASES = [RNG.normal(0, 0.1, n) for n in SIZES[1:]]
SQUARE = [RNG.normal(0, 0.2, (8, 8)) for _ in range(12)]


def keras(kernels=KERNELS, biases=BIASES):
    names = [f"dense{f'_{i}' if i else ''}" for i in range(len(kernels))]
    arrays = {f"{n}/kernel": k for n, k in zip(names, kernels, strict=True)}
    return arrays | {f"{n}/bias": b for n, b in zip(names, biases, strict=True)}


def torch(kernels=KERNELS, biases=BIASES, name="layers.{}"):
    names = [name.format(2 * i) for i in range(len(kernels))]
    arrays = {f"{n}.weight": k.T for n, k in zip(names, kernels, strict=True)}
    return arrays | {f"{n}.bias": b for n, b in zip(names, biases, strict=True)}


WRITTEN = {
    "keras": (keras(), "in-out"),
    "keras with :0": ({f"{n}:0": a for n, a in keras().items()}, "in-out"),
    "keras in a folder": ({f"model/{n}": a for n, a in keras().items()}, "in-out"),
    "pytorch": (torch(), "out-in"),
    "pytorch, fc": (torch(name="fc{}"), "out-in"),
    "pytorch, sorted by name": (dict(sorted(torch(name="net.1{}").items())), "out-in"),
    "numbered": (
        {f"arr_{i}": a for i, a in enumerate(itertools.chain(*zip(KERNELS, BIASES, strict=True)))},
        "in-out",
    ),
    "numbered, out-in": ({f"arr_{i}": k.T for i, k in enumerate(KERNELS)}, "out-in"),
    "letters": ({f"W{i}": k for i, k in enumerate(KERNELS)}
                | {f"b{i}": b for i, b in enumerate(BIASES)}, "in-out"),
    "with counters": (torch() | {"num_batches_tracked": np.array(7)}, "out-in"),
    "half precision": ({n: a.astype(np.float16) for n, a in torch().items()}, "out-in"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRITTEN)
def test_layout_and_order_follow_from_the_shapes(case):
    arrays, layout = WRITTEN[case]
    found = as_weights(arrays)
    assert found.sizes == SIZES
    assert found.layout == layout
    assert "no other way" in found.evidence
    exact = 1e-3 if case == "half precision" else 0
    for (kernel, bias), wanted, shift in zip(found.pairs, KERNELS, BIASES, strict=True):
        np.testing.assert_allclose(kernel, wanted, rtol=exact, atol=exact)
        if bias is not None:
            np.testing.assert_allclose(bias, shift, rtol=exact, atol=exact)
    assert any(bias is not None for _, bias in found.pairs) != (case == "numbered, out-in")


def test_squares_are_decided_by_names_and_said():
    zeros = [np.zeros(8)] * len(SQUARE)
    for arrays, layout, program in (
        (keras(SQUARE, zeros), "in-out", "Keras"),
        (torch(SQUARE, zeros), "out-in", "PyTorch"),
    ):
        found = as_weights(arrays)
        assert found.layout == layout
        assert program in found.evidence
        assert "both ways" in found.evidence
        for (kernel, _), wanted in zip(found.pairs, SQUARE, strict=True):  # layer 10 after layer 2
            np.testing.assert_array_equal(kernel, wanted)


def test_squares_without_a_name_ask():
    arrays = {f"arr_{i}": k for i, k in enumerate(SQUARE)}
    with pytest.raises(UsageError, match="--layout in-out"):
        as_weights(arrays)
    assert as_weights(arrays, "in-out").pairs[3][0].tolist() == SQUARE[3].tolist()
    assert as_weights(arrays, "out-in").pairs[3][0].tolist() == SQUARE[3].T.tolist()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.ones((3, 4)), "b": np.ones((5, 6))}, "no chain"),
        ({"conv.weight": np.ones((3, 3, 1, 8))}, "matrices and vectors"),
        (torch() | {"bn.running_mean": np.ones(30)}, "normalization"),
        (keras() | {"n/gamma": np.ones(30)}, "normalization"),
        ({"b": np.ones(3)}, "no matrix"),
        ({"k/kernel": np.ones((2, 3)), "other": np.ones(3)}, "no bias of any matrix"),
        ({"k/kernel": np.ones((2, 3)) * 1j}, "matrices and vectors"),
        (keras(biases=[b[:-1] for b in BIASES]), "no chain"),
        ({"\x1b[2J": np.ones((2, 3)), "z": np.ones((7, 9))}, "U\\+001B"),
    ],
)
def test_what_makes_no_stack_is_refused(arrays, words):
    with pytest.raises(UsageError, match=words) as caught:
        as_weights(arrays)
    assert "\x1b" not in str(caught.value)
    with pytest.raises(UsageError, match="choose in-out or out-in"):
        as_weights(arrays, "sideways")


def test_from_a_file_to_the_same_diagnosis(tmp_path):
    from safetensors.numpy import save_file

    np.savez(tmp_path / "k.npz", **keras())
    arrays = {name: np.ascontiguousarray(a) for name, a in torch().items()}
    save_file(arrays, tmp_path / "t.safetensors")
    found = []
    for name in ("k.npz", "t.safetensors"):
        weights = read_weights(str(tmp_path / name))
        assert not is_model(str(tmp_path / name))
        d = explain_weights(weights, title=name, act="tanh", data="random", batch=9, seed=4)
        assert f"kernels there are {'(in, out)' if name[0] == 'k' else '(out, in)'}" in d.text()
        found.append([row.factor for row in d.rows])
    assert found[0] == found[1]
    batch = examples((64,), 10, "random", 9, 4)
    pairs = list(zip(KERNELS, BIASES, strict=True))
    direct = explain_gradients(pairs, batch.x, batch.y, act="tanh")
    assert [row.factor for row in direct.rows] == found[0]


def test_a_model_that_was_saved_here(tmp_path):
    hidden = [layers.Dense(9, "relu"), layers.BatchNormalization(), layers.Dense(9, "tanh")]
    model = models.Sequential([layers.Input((5,)), *hidden, layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    whole, parts = str(tmp_path / "m.safetensors"), str(tmp_path / "w.safetensors")
    model.save(whole)
    model.save_weights(parts)
    assert is_model(whole)
    assert not is_model(parts)
    d = explain_model(models.load_model(whole), title="m", batch=20)
    assert d.learning_rate == pytest.approx(0.001)
    assert d.seed is None
    assert [row.act for row in d.rows] == ["relu", "tanh", "linear"]
    with pytest.raises(UsageError, match="normalization"):
        read_weights(parts)


def test_data_that_do_not_fit():
    weights = as_weights(keras())
    with pytest.raises(UsageError, match="has 2 features; the net takes 64"):
        explain_weights(weights, title="k", data="moons")
    with pytest.raises(UsageError, match="3 classes; the net has 2 outputs"):
        examples((4,), 2, "iris", 8, 0)
