"""Steps, losses and batch normalization against the onnx package's own test vectors.

The vectors are committed, see ``golden/onnx_vectors.py``; onnx is not needed here.  ONNX and
Keras write some rules differently, and each test says how the one is turned into the other.
Every vector is the first step (T = 0) from slots that are already filled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FILE = json.loads((Path(__file__).parent / "golden" / "data" / "onnx.json").read_text())
CASES: dict[str, Any] = FILE["cases"]
CLOSE = {"rtol": 2e-6, "atol": 2e-6}  # the vectors are float32


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    from autograd_lab import config

    before = config.floatx()
    config.set_floatx("float64")
    yield
    config.set_floatx(before)


def named(op: str) -> list[str]:
    return [name for name, case in CASES.items() if case["op"] == op]


def tensors(case: dict[str, Any], side: str) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in case[side].items()}


def optimized(case: dict[str, Any]) -> list[dict[str, np.ndarray]]:
    """For each weight of a vector its tensors, without the numbers that tell several apart."""
    given, wanted = tensors(case, "inputs"), tensors(case, "outputs")
    count = sum(name.startswith("X") for name in given)
    found = []
    for i in range(count):
        own = {name: given[name] for name in ("R", "T")}
        for letter in "XGVH":
            for name in (letter, f"{letter}{i + 1}"):
                own |= {letter: given[name]} if name in given else {}
        for letter in "XVH":
            for name in (f"{letter}_new", f"{letter}{i + 1}_new"):
                own |= {f"{letter}_new": wanted[name]} if name in wanted else {}
        # ONNX adds the penalty's gradient itself, here the caller does.
        own["G"] = own["G"] + case["attributes"]["norm_coefficient"] * own["X"]
        found.append(own)
    return found


def step(optimizer: Any, x: np.ndarray, g: np.ndarray, **slots: np.ndarray) -> dict[str, Any]:
    """One step from given slots: the weight and the slots afterwards."""
    from autograd_lab.variables import Variable

    w = Variable(x, name="w")
    optimizer.build([w])
    for name, value in slots.items():
        optimizer.slots[w][name].assign(value)
    optimizer.apply([g], [w])
    return {"w": w.numpy(), **{name: optimizer.slots[w][name].numpy() for name in slots}}


@pytest.mark.parametrize("name", named("Momentum"))
def test_momentum(name: str) -> None:
    """ONNX's V sums gradients and R multiplies what leaves it; Keras's momentum sums R times them.

    With one rate the two differ by the factor R.  ONNX's beta weighs the gradient from the second
    step on, so it has no part here.
    """
    from autograd_lab.optimizers import SGD

    case = CASES[name]
    given = case["attributes"]
    for own in optimized(case):
        rate = float(own["R"])
        # One vector names its slots H although they are momenta.
        v = own.get("V", own.get("H"))
        optimizer = SGD(rate, momentum=given["alpha"], nesterov=given["mode"] == "nesterov")
        found = step(optimizer, own["X"], own["G"], momentum=rate * v)
        np.testing.assert_allclose(found["w"], own["X_new"], **CLOSE)
        np.testing.assert_allclose(found["momentum"] / rate, own["V_new"], **CLOSE)


@pytest.mark.parametrize("name", named("Adagrad"))
def test_adagrad(name: str) -> None:
    """ONNX divides by √H + ε, as the paper does; Keras by √(H + ε).

    The paper's convention meets the vectors as they are.  Keras's meets each entry with an ε of
    its own: √H + ε = √(H + ε') for ε' = 2ε√H + ε².
    """
    from autograd_lab.optimizers import Adagrad

    case = CASES[name]
    epsilon = case["attributes"]["epsilon"]
    for own in optimized(case):
        rate = float(own["R"])
        paper = Adagrad(rate, epsilon=epsilon, convention="paper")
        found = step(paper, own["X"], own["G"], accumulator=own["H"])
        np.testing.assert_allclose(found["w"], own["X_new"], **CLOSE)
        np.testing.assert_allclose(found["accumulator"], own["H_new"], **CLOSE)
        entries = (own[k] for k in ("X", "G", "H", "H_new", "X_new"))
        for x, g, h, h_new, x_new in zip(*entries, strict=True):
            inside = 2 * epsilon * np.sqrt(h_new) + epsilon**2
            found = step(Adagrad(rate, epsilon=inside), x, g, accumulator=h)
            np.testing.assert_allclose(found["w"], x_new, **CLOSE)


@pytest.mark.parametrize("name", named("Adam"))
def test_adam(name: str) -> None:
    """ONNX corrects no bias at T = 0; Keras does at its first step, so its rate is set against it.

    Keras's rate is η√(1 - β₂)/(1 - β₁) there, and ε stands outside the root in both.
    """
    from autograd_lab.optimizers import Adam

    case = CASES[name]
    given = case["attributes"]
    beta_1, beta_2 = given["alpha"], given["beta"]
    for own in optimized(case):
        rate = float(own["R"]) * (1 - beta_1) / np.sqrt(1 - beta_2)
        optimizer = Adam(rate, beta_1=beta_1, beta_2=beta_2, epsilon=given["epsilon"])
        found = step(optimizer, own["X"], own["G"], momentum=own["V"], velocity=own["H"])
        np.testing.assert_allclose(found["w"], own["X_new"], **CLOSE)
        np.testing.assert_allclose(found["momentum"], own["V_new"], **CLOSE)
        np.testing.assert_allclose(found["velocity"], own["H_new"], **CLOSE)


@pytest.mark.parametrize("name", named("BatchNormalization"))
def test_batch_normalization(name: str) -> None:
    """Channels are ONNX's axis 1.  ONNX's defaults are momentum 0.9 and epsilon 1e-5."""
    from autograd_lab.layers import BatchNormalization

    case = CASES[name]
    given, wanted, attributes = (
        tensors(case, "inputs"),
        tensors(case, "outputs"),
        case["attributes"],
    )
    layer = BatchNormalization(
        axis=1,
        momentum=attributes.get("momentum", 0.9),
        epsilon=attributes.get("epsilon", 1e-5),
    )
    layer(given["x"])  # builds it
    layer.set_weights([given[key] for key in ("s", "bias", "mean", "var")])
    training = bool(attributes.get("training_mode", 0))
    answer = layer(given["x"], training=training)
    np.testing.assert_allclose(answer.value, wanted["y"], **CLOSE)
    *_, mean, variance = layer.get_weights()
    moved = (
        [wanted["output_mean"], wanted["output_var"]] if training else [given["mean"], given["var"]]
    )
    np.testing.assert_allclose([mean, variance], moved, **CLOSE)


@pytest.mark.parametrize("name", named("SoftmaxCrossEntropyLoss"))
def test_softmax_cross_entropy(name: str) -> None:
    """Classes are ONNX's axis 1 and our last.  ONNX's w are weights of classes, and its mean
    divides by their sum: the reduction "mean_with_sample_weight", or "none" times the weight.
    An ignored label is a class that weighs 0.
    """
    from autograd_lab import activations
    from autograd_lab.losses import SparseCategoricalCrossentropy

    case = CASES[name]
    given, wanted = tensors(case, "inputs"), tensors(case, "outputs")
    logits, labels = np.moveaxis(given["x"], 1, -1), given["y"]
    of_class = given.get("w", np.ones(logits.shape[-1])).copy()
    if "ignore_index" in case["attributes"]:
        of_class[case["attributes"]["ignore_index"]] = 0.0
    reduction = {"mean": "mean_with_sample_weight"}.get(
        case["attributes"]["reduction"], case["attributes"]["reduction"]
    )
    loss = SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)
    found = loss(labels, logits, sample_weight=of_class[labels])
    np.testing.assert_allclose(np.asarray(getattr(found, "value", found)), wanted["z"], **CLOSE)
    if "log_prob" in wanted:
        log_prob = activations.log_softmax(logits)
        log_prob = np.asarray(getattr(log_prob, "value", log_prob))
        np.testing.assert_allclose(np.moveaxis(log_prob, -1, 1), wanted["log_prob"], **CLOSE)


def test_vectors_of_every_operator_are_there() -> None:
    ops = ("Momentum", "Adagrad", "Adam", "BatchNormalization", "SoftmaxCrossEntropyLoss")
    assert {op: len(named(op)) for op in ops} == dict(zip(ops, (3, 2, 2, 4, 20), strict=True))
