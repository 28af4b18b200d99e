"""Data in batches, against slices made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lab.errors import UsageError
from autograd_lab.graph import leaf
from autograd_lab.training.data import (
    ArrayData,
    BatchStream,
    as_array,
    as_arrays,
    by_output,
    class_weights,
    is_stream,
)

SIZES = st.integers(1, 25)


def rows(n):
    return np.arange(2.0 * n, dtype="float32").reshape(n, 2)


# --- arrays ---------------------------------------------------------------------------------------


@given(SIZES, SIZES, st.integers(0, 30))
def test_batches_are_consecutive(n, size, start):
    data = ArrayData(rows(n), [rows(n) + 1], [], size)
    assert data.steps == -(-n // size)
    batches = list(data.batches(start=start))
    wanted = [rows(n)[i : i + size] for i in range(0, n, size)][start:]
    assert [b[0].tolist() for b in batches] == [w.tolist() for w in wanted]
    assert all(np.array_equal(x + 1, y[0]) for x, y, _ in batches)


@given(SIZES, SIZES, st.randoms(use_true_random=False))
def test_an_order_is_followed(n, size, random):
    order = np.array(random.sample(range(n), n))
    data = ArrayData({"a": rows(n), "b": rows(n) * 2}, [rows(n)], [rows(n)[:, 0]], size)
    batches = list(data.batches(order))
    found = np.concatenate([x["a"] for x, _, _ in batches])
    assert np.array_equal(found, rows(n)[order])
    for x, (y,), (w,) in batches:
        assert np.array_equal(x["b"], 2 * x["a"])
        assert np.array_equal(x["a"], y)
        assert np.array_equal(w, y[:, 0])


@given(st.integers(2, 40), st.floats(0.01, 0.99))
def test_a_split_loses_nothing(n, fraction):
    data = ArrayData(rows(n), [rows(n)], [None], 7)
    if int(n * (1 - fraction)) in (0, n):
        with pytest.raises(UsageError, match="leaves one side empty"):
            data.split(fraction)
        return
    first, last = data.split(fraction)
    assert np.array_equal(np.concatenate([first.x, last.x]), rows(n))
    assert first.length == int(n * (1 - fraction))  # as Keras rounds
    assert (first.batch_size, last.weights) == (7, [None])


@pytest.mark.parametrize("fraction", [0.0, 1.0, 1.5, -0.1, float("nan"), True])
def test_fractions_that_are_refused(fraction):
    with pytest.raises(UsageError, match="give a fraction between 0 and 1"):
        ArrayData(rows(4)).split(fraction)


@pytest.mark.parametrize("size", [0, -1, 2.0, "4", True, np.float64(3)])
def test_batch_sizes_that_are_refused(size):
    with pytest.raises(UsageError, match="batch_size must be a positive integer"):
        ArrayData(rows(4), batch_size=size)


def test_floats_take_the_library_s_width_and_whole_numbers_stay():
    data = ArrayData(
        [rows(3).astype("float64"), np.ones((3, 2), np.uint8)],
        [np.array([1, 2, 3])],
        [np.array([1, 2, 3])],
    )
    assert [x.dtype.name for x in data.x] == ["float32", "uint8"]
    assert (data.y[0].dtype.name, data.weights[0].dtype.name) == ("int64", "float32")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["x", "y", "sample_weight"])
def test_what_is_not_finite_is_found(part, bad):
    arrays = {"x": rows(5), "y": rows(5), "sample_weight": np.ones(5, "float32")}
    arrays[part][3 if part == "sample_weight" else (3, 1)] = bad
    data = ArrayData(arrays["x"], [arrays["y"]], [arrays["sample_weight"]])
    with pytest.raises(UsageError, match=rf"^{part} holds {bad} in row 3"):
        data.check_finite()


def test_huge_numbers_are_finite():
    ArrayData(np.full((4, 2), 3e38, np.float32)).check_finite()
    assert float(np.finfo(np.float32).max) < 8 * 3e38


def test_a_place_in_an_image_is_told():
    images = np.zeros((3, 4, 5, 2), np.float32)
    images[1, 2, 3, 1] = np.nan
    images[2] = np.nan
    with pytest.raises(UsageError, match=r"row 1, column 2, 3, 1 \(41 such entries\)"):
        ArrayData(images).check_finite()


# --- what arrays are made of ----------------------------------------------------------------------


class Frame:
    """What a data frame looks like from outside."""

    def __init__(self, array):
        self.array, self.shape, self.ndim = array, array.shape, array.ndim

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)

    def __iter__(self):
        return iter("ab")  # the names of its columns


@pytest.mark.parametrize(
    "given_as",
    [rows(3), rows(3).tolist(), tuple(map(tuple, rows(3))), Frame(rows(3)), leaf(rows(3))],
    ids=["array", "lists", "tuples", "frame", "node"],
)
def test_one_array_however_it_comes(given_as):
    assert not is_stream(given_as)
    assert np.array_equal(as_arrays(given_as), rows(3))


def test_several_arrays_stay_several():
    found = as_arrays([rows(3), {"a": [1, 2], "b": None}, None])
    assert np.array_equal(found[0], rows(3))
    assert found[1]["a"].tolist() == [1, 2]
    assert found[1]["b"] is found[2] is None
    assert as_arrays(None) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["a", "b"], "<U1 values, which are no numbers"),
        (np.array([None, 1]), "object values"),
        (np.array(["2020-01-01"], "datetime64[D]"), "datetime64"),
        ([[1, 2], [3]], "lists of unequal length"),
        ([1 + 2j], "complex128"),
    ],
)
def test_what_is_no_number_is_refused(value, words):
    with pytest.raises(UsageError, match=words):
        as_arrays(value)


def test_one_entry_per_example():
    with pytest.raises(UsageError, match="x is a single number"):
        ArrayData(3.0)
    with pytest.raises(UsageError, match="there are no data"):
        ArrayData(None)
    with pytest.raises(UsageError, match="x holds 3, y holds 2, sample_weight holds 4"):
        ArrayData(rows(3), [rows(2)], [np.ones(4)])
    assert as_array(np.float32(2)).shape == ()


# --- by output ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, [None, None]),
        ([1, 2], [1, 2]),
        ((1, None), [1, None]),
        ({"b": 2, "a": 1}, [1, 2]),
        ({"b": 2}, [None, 2]),
    ],
)
def test_by_output(value, wanted):
    assert by_output("y", value, ["a", "b"]) == wanted


def test_by_output_refuses():
    with pytest.raises(UsageError, match="y holds 1 arrays; the model has 2 outputs: a, b"):
        by_output("y", rows(3), ["a", "b"])
    with pytest.raises(UsageError, match="no output 'aa'; did you mean a"):
        by_output("y", {"aa": 1}, ["a", "b"])


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("column", [False, True])
def test_class_weights(one_hot, column):
    labels = np.array([0, 2, 1, 2])
    y = np.eye(3)[labels] if one_hot else labels[:, None] if column else labels
    assert class_weights(y, {0: 2.0, 2: 0.5}, None).tolist() == [2.0, 0.5, 1.0, 0.5]
    own = np.array([1.0, 2.0, 3.0, 4.0])
    assert class_weights(y, {2: 0.5, 7: 9.0}, own).tolist() == [1.0, 1.0, 3.0, 2.0]


# --- batches made elsewhere -----------------------------------------------------------------------


class Numbered(list):
    """A list is data; an object that is no list may be numbered batches."""


class Sequence:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return rows(i + 1), rows(i + 1)


@pytest.mark.parametrize(
    ("x", "stream"),
    [
        (rows(3), False),
        ([rows(3)], False),
        (Numbered([1]), False),
        ({"a": rows(3)}, False),
        (3.0, False),
        (Sequence(3), True),
        (iter([1]), True),
        (range(3), True),
    ],
)
def test_what_a_stream_is(x, stream):
    assert is_stream(x) is stream


@given(st.integers(1, 8), st.integers(0, 9))
def test_a_stream_goes_on_from_a_number(n, start):
    sizes = list(range(1, n + 1))
    for source in (Sequence(n), iter([rows(k) for k in sizes])):
        found = [len(x) for x, _, _ in BatchStream(source).batches(start=start)]
        assert found == sizes[start:]


def test_a_stream_follows_an_order():
    found = [len(x) for x, _, _ in BatchStream(Sequence(4)).batches(np.array([2, 0, 3, 1]), 1)]
    assert found == [1, 4, 2]


def test_a_look_at_the_first_batch_uses_nothing_up():
    for source in (Sequence(3), iter([rows(1), rows(2), rows(3)])):
        stream = BatchStream(source)
        assert len(stream.first()[0]) == 1
        assert [len(x) for x, _, _ in stream.batches()] == [1, 2, 3]


def test_every_batch_is_prepared():
    stream = BatchStream(iter([(1, 2, 3), (4,), 5]), prepare=lambda batch: batch[::-1])
    assert list(stream.batches()) == [(3, 2, 1), (None, None, 4), (None, None, 5)]
