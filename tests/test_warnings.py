"""What users are warned of, and what is refused: kinks, lost gradients, graphs gone stale."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import autograd_lab as lab
from autograd_lab import ops
from autograd_lab.errors import GradientError, KinkWarning, LostGradientWarning
from autograd_lab.graph import OPS, leaf
from autograd_lab.ops import KINKS
from autograd_lab.variables import Variable


@pytest.fixture(autouse=True)
def every_warning_counts():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# --- kinks ----------------------------------------------------------------------------------------

# Kinks of smooth functions: a pole or a corner of the domain, where the slope is not a choice.
WITH_SLOPES = [k for k in KINKS if k.slopes and k.op in OPS and OPS[k.op].kink]


@pytest.mark.parametrize("kink", WITH_SLOPES, ids=lambda k: f"{k.op} {k.where}")
def test_every_kink_of_the_table_is_told_by_name(kink):
    attrs = {"alpha": 0.5} if kink.op == "elu" else {}
    leaves = [leaf(np.array(x) if isinstance(x, tuple) else x) for x in kink.at]
    y = getattr(ops, kink.op)(*leaves, **attrs)
    with pytest.warns(KinkWarning, match=rf"kink: .*{kink.op} \(\d of \d\)"):
        lab.gradient(y, leaves)


def test_the_warning_counts_entries_and_points_at_the_line_of_the_user():
    x = leaf(np.array([0.0, 1.0, -2.0, 0.0]))
    with pytest.warns(KinkWarning, match=r"relu \(2 of 4\), abs \(2 of 4\)") as told:
        lab.gradient(ops.relu(x) + abs(x), [x])
    assert [w.filename for w in told] == [__file__]


def test_away_from_kinks_and_on_branches_without_a_leaf_nothing_is_told():
    x, zero = leaf(np.array([1.0, -2.0]), "x"), leaf(np.zeros(2), "zero")
    assert lab.gradient(ops.relu(x) * ops.relu(zero), [x])[0].tolist() == [0.0, 0.0]


def test_a_zero_adjoint_of_single_numbers_meets_no_kink():
    x = leaf(0.0)
    assert lab.gradient(0.0 * ops.relu(x), [x]) == [0.0]


@pytest.mark.parametrize("transform", [lab.grad, lab.value_and_grad])
def test_transformations_tell_kinks(transform):
    with pytest.warns(KinkWarning, match="abs"):
        transform(lambda x: abs(x))(0.0)


def test_check_gradients_reports_kinks_without_warning():
    assert lab.check_gradients(lambda x: ops.sum(ops.relu(x)), np.array([0.0, 1.0])).ok


def test_silence_on_request():
    x = leaf(0.0)
    assert lab.gradient(ops.relu(x), [x], warn=False) == [0.0]


# --- gradients lost on the way --------------------------------------------------------------------


@pytest.mark.parametrize("f", [lambda x: math.sin(x) * x, lambda x: float(x * x) * x])
def test_a_float_taken_out_of_a_differentiated_function_is_told(f):
    with pytest.warns(LostGradientWarning, match="lets no gradient through"):
        lab.grad(f)(2.0)


def test_a_float_outside_or_by_item_or_of_a_constant_is_wanted():
    x = leaf(2.0, "x")
    assert float(x * x) == 4.0
    assert lab.grad(lambda x: x * x.item())(2.0) == 2.0
    one = leaf(1.0)
    assert lab.grad(lambda x: x * float(one))(3.0) == 1.0


# --- graphs gone stale ----------------------------------------------------------------------------


def test_a_graph_used_after_its_variable_changed_is_refused():
    w = Variable([1.0, 2.0], name="w")
    y = ops.sum(w * w)
    assert lab.gradient(y, [w])[0].tolist() == [2.0, 4.0]
    w.assign([5.0, 6.0])
    with pytest.raises(GradientError, match=r"Variable w .*got a new value after <multiply"):
        lab.gradient(y, [w])
    assert lab.gradient(ops.sum(w * w), [w])[0].tolist() == [10.0, 12.0]


def test_the_array_a_leaf_was_made_of_may_change_and_the_leaf_does_not():
    data = np.array([1.0, 2.0])
    x = leaf(data)
    y = ops.sum(x * x)
    data[:] = 7.0
    assert lab.gradient(y, [x])[0].tolist() == [2.0, 4.0]
    with pytest.raises(ValueError, match="read-only"):
        x.value[0] = 7.0
