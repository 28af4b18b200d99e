"""Data sets: shapes, seeds, balance, files that are not what they say, and never a download."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import socket
import struct
import subprocess
import sys
import tracemalloc
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lab import datasets
from autograd_lab.datasets import (
    csv_file,
    fashion_mnist,
    generators,
    mnist,
    names,
    places,
)
from autograd_lab.datasets.arrays import data_set
from autograd_lab.datasets.dataset import DataSet, held_out
from autograd_lab.datasets.idx import read_folder, read_idx
from autograd_lab.datasets.targets import targets_of
from autograd_lab.errors import MissingToolError, UsageError

BUNDLED = {  # the sizes that their descriptions give
    "iris": (150, 4, 3), "wine": (178, 13, 3), "breast_cancer": (569, 30, 2),
    "digits": (1797, 64, 10), "diabetes": (442, 10, 0),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def blocked(*_: object, **__: object) -> None:
        raise AssertionError("a data set reached for the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, blocked)
    monkeypatch.setattr(socket, "getaddrinfo", blocked)


@pytest.fixture
def only_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Search for data sets in an empty folder and nowhere else."""
    monkeypatch.setattr(places, "folders", lambda: (tmp_path,))
    return tmp_path


@pytest.fixture
def sklearn():
    return pytest.importorskip("sklearn.datasets", reason="needs the extra data: scikit-learn")


def refused(call, *words):
    """The message of the UsageError that a call must raise, which holds all the words."""
    with pytest.raises(UsageError) as caught:
        call()
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\x1b" not in message
    assert len(message) < 500
    return message


def test_the_network_is_blocked_in_these_tests():
    with pytest.raises(AssertionError, match="reached for the network"):
        urllib.request.urlopen("http://localhost:9/")
    with socket.socket() as one, pytest.raises(AssertionError, match="reached for the network"):
        one.connect(("127.0.0.1", 9))


# --- names ----------------------------------------------------------------------------------------


def test_every_public_name_is_there():
    assert sorted(datasets.__all__) == dir(datasets)
    for name in datasets.__all__:
        assert getattr(datasets, name) is not None
    assert {*names.NAMES} <= {*datasets.__all__}
    with pytest.raises(AttributeError, match="no attribute 'cifar10'"):
        datasets.cifar10  # noqa: B018


def test_nothing_heavy_is_imported_for_the_names():
    code = (
        "import sys, autograd_lab.environment, autograd_lab.datasets.names, autograd_lab.datasets\n"
        "print(*{'numpy', 'sklearn'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_scikit_learn_is_imported_for_its_own_data_only():
    code = (
        "import sys; from autograd_lab import datasets; datasets.read('moons')\n"
        "print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


# --- generators -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names.GENERATED)
@pytest.mark.parametrize("n", [3, 100, 251])
def test_generated_points_are_balanced_shuffled_and_repeat(name, n):
    make = getattr(datasets, name)
    x, y = make(n, noise=0.1, seed=4)
    assert (x.shape, x.dtype) == ((n, 2), np.float64)
    assert (y.shape, y.dtype) == ((n,), np.int64)
    assert np.isfinite(x).all()
    sizes = np.bincount(y)
    assert sizes.max() - sizes.min() <= 1
    assert sorted(set(y)) == list(range(len(sizes)))
    again, labels = make(n, noise=0.1, seed=4)
    assert (again.tobytes(), labels.tobytes()) == (x.tobytes(), y.tobytes())
    assert not np.array_equal(make(n, noise=0.1, seed=5)[0], x)
    if n > 3:  # the last fifth, which validation_split takes, has all classes
        assert set(y[-n // 5 :]) == set(y)


@pytest.mark.parametrize("name", ["moons", "circles"])
@pytest.mark.parametrize("n", [40, 41])
def test_shapes_are_those_of_scikit_learn(sklearn, name, n):
    x, y = getattr(datasets, name)(n)
    theirs, labels = getattr(sklearn, f"make_{name}")(n)
    for k in (0, 1):
        ours, wanted = (
            part[np.lexsort(part.round(9).T)] for part in (x[y == k], theirs[labels == k])
        )
        assert ours == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("name", ["moons", "circles", "spirals"])
def test_noise_is_the_standard_deviation_of_what_is_added(name):
    make = getattr(datasets, name)
    (still, _), (moved, _) = make(20_000, seed=1), make(20_000, noise=0.3, seed=1)
    added = moved - still
    assert added.std(axis=0) == pytest.approx([0.3, 0.3], rel=0.03)
    assert added.mean(axis=0) == pytest.approx([0, 0], abs=0.01)


def test_blobs_lie_about_their_centers():
    centers = [[-5.0, 0.0], [4.0, 4.0], [0.0, 9.0]]
    x, y = datasets.blobs(30_000, noise=0.5, seed=2, centers=centers)
    for k, center in enumerate(centers):
        assert x[y == k].mean(axis=0) == pytest.approx(center, abs=0.03)
        assert x[y == k].std(axis=0) == pytest.approx([0.5, 0.5], rel=0.05)
    drawn, _ = datasets.blobs(1000, noise=0, seed=3, centers=7)
    assert len(np.unique(drawn, axis=0)) == 7
    assert np.abs(drawn).max() <= 10


def test_spirals_turn_as_often_as_asked():
    x, y = datasets.spirals(3000, arms=3, turns=2.5)
    for k in range(3):
        arm = x[y == k]
        radius = np.linalg.norm(arm, axis=1)
        arm, radius = arm[np.argsort(radius)], np.sort(radius)
        assert radius == pytest.approx(np.arange(1, 1001) / 1000)
        angle = np.unwrap(np.arctan2(arm[:, 0], arm[:, 1]))
        assert (angle[-1] - angle[0]) / (2 * np.pi) == pytest.approx(2.5 * 0.999)
        assert arm[-1] == pytest.approx(
            [np.sin(2 * np.pi * (2.5 + k / 3)), np.cos(2 * np.pi * (2.5 + k / 3))]
        )


def test_xor_is_the_sign_of_the_product():
    x, y = datasets.xor(1000, seed=6)
    assert np.array_equal(y, x[:, 0] * x[:, 1] < 0)
    assert np.abs(x).max() <= 1
    quadrants = 2 * (x[:, 0] > 0) + (x[:, 1] > 0)
    assert np.bincount(quadrants).tolist() == [250, 250, 250, 250]


WRONG_NUMBERS = {
    "moons(n_samples=1)": lambda: datasets.moons(1),
    "moons(n_samples=2.5)": lambda: datasets.moons(2.5),
    "moons(n_samples=True)": lambda: datasets.moons(True),
    "circles(n_samples=100000000)": lambda: datasets.circles(10**8),
    "xor(noise=-0.1)": lambda: datasets.xor(noise=-0.1),
    "xor(noise=nan)": lambda: datasets.xor(noise=float("nan")),
    "xor(noise='much')": lambda: datasets.xor(noise="much"),
    "moons(seed=-1)": lambda: datasets.moons(seed=-1),
    "moons(seed=None)": lambda: datasets.moons(seed=None),
    "circles(factor=1)": lambda: datasets.circles(factor=1),
    "circles(factor=-0.5)": lambda: datasets.circles(factor=-0.5),
    "blobs(centers=0)": lambda: datasets.blobs(centers=0),
    "blobs(n_samples=2)": lambda: datasets.blobs(2),
    "blobs(centers=[[1, 2, 3]])": lambda: datasets.blobs(centers=[[1, 2, 3]]),
    "blobs(centers='abc')": lambda: datasets.blobs(centers="abc"),
    "blobs(centers=[[1, inf]])": lambda: datasets.blobs(centers=[[1, float("inf")]]),
    "spirals(arms=0)": lambda: datasets.spirals(arms=0),
    "spirals(turns=inf)": lambda: datasets.spirals(turns=float("inf")),
}


@pytest.mark.parametrize("start", WRONG_NUMBERS)
def test_a_wrong_number_is_refused_by_name(start):
    assert refused(WRONG_NUMBERS[start]).startswith(start)


# --- splitting ------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 3), min_size=4, max_size=80),
    st.floats(0.05, 0.9),
    st.integers(0, 2**32 - 1),
)
def test_a_split_deals_out_every_example_once(labels, fraction, seed):
    y = np.array(labels)
    try:
        kept, held = held_out(len(y), y, fraction, seed)
    except UsageError:
        assert np.bincount(y).max() < 3 or len(y) * fraction > len(y) - 1
        return
    assert sorted([*kept, *held]) == list(range(len(y)))
    for k in set(labels):
        size, tested = labels.count(k), int((y[held] == k).sum())
        assert tested < size  # something is left to learn it from
        assert tested <= np.floor(size * np.ceil(fraction * len(y)) / len(y)) + 1


def test_a_split_repeats_by_seed_and_mixes():
    y = np.repeat([0, 1], 50)
    kept, held = held_out(100, y, 0.2, 7)
    for one, other in zip((kept, held), held_out(100, y, 0.2, 7), strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(held, held_out(100, y, 0.2, 8)[1])
    assert set(y[kept[-16:]]) == {0, 1}
    assert np.bincount(y[held]).tolist() == [10, 10]


@pytest.mark.parametrize("n", [5, 150, 178, 442, 569, 1797])
@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.25, 0.5])
def test_as_many_are_held_out_as_scikit_learn_does(n, fraction):
    selection = pytest.importorskip("sklearn.model_selection", reason="needs scikit-learn")
    wanted = [len(part) for part in selection.train_test_split(np.arange(n), test_size=fraction)]
    assert [len(part) for part in held_out(n, None, fraction, 0)] == wanted
    y = np.arange(n) % 2
    if fraction * n >= 2:
        assert [len(part) for part in held_out(n, y, fraction, 0)] == wanted


def test_classes_keep_their_share_where_plain_chance_would_not():
    y = np.repeat([0, 1, 2], [80, 15, 5])
    for seed in range(20):
        _, held = held_out(100, y, 0.2, seed)
        assert np.bincount(y[held], minlength=3).tolist() == [16, 3, 1]
    plain = {tuple(np.bincount(y[held_out(100, None, 0.2, s)[1]], minlength=3)) for s in range(20)}
    assert len(plain) > 5


@pytest.mark.parametrize("fraction", [0, 1, -0.2, 1.5, float("nan"), "half", True, None])
def test_a_share_must_lie_between_0_and_1(fraction):
    refused(lambda: held_out(10, None, fraction, 0), "split(fraction=")


def test_a_split_that_leaves_a_part_empty_is_refused():
    refused(lambda: held_out(2, None, 0.9, 0), "leaves nothing to train on")
    refused(lambda: held_out(4, np.arange(4), 0.5, 0), "stratify=False")


def test_a_data_set_checks_that_its_parts_fit():
    x, y = np.eye(3), np.array([0, 1, 0])
    whole = DataSet("t", x, y)
    refused(whole.pairs, "t has no examples for testing")
    half = whole.split(0.4, stratify=False)
    assert (len(half.x), len(half.x_test)) == (1, 2)
    refused(half.split, "t has a part for testing already (2 examples)")
    refused(lambda: DataSet("t", x, y[:2]), "x (3, 3) and y (2,) do not fit")
    refused(lambda: DataSet("t", x, y, x_test=x), "x_test and y_test go together")
    refused(lambda: DataSet("t", x, y, x, y[:1]), "x_test (3, 3)")
    with pytest.raises(AttributeError):
        whole.name = "u"


# --- scikit-learn's files -------------------------------------------------------------------------


@pytest.mark.parametrize("name", names.BUNDLED)
def test_bundled_data_are_those_of_scikit_learn(sklearn, name):
    n, features, classes = BUNDLED[name]
    theirs = getattr(sklearn, f"load_{name}")()
    whole = datasets.read(name)
    assert (whole.name, whole.x.shape, len(whole.class_names)) == (name, (n, features), classes)
    assert np.array_equal(whole.x, theirs.data)
    assert np.array_equal(whole.y, theirs.target)
    assert whole.task == ("classification" if classes else "regression")
    assert len(whole.feature_names) == features
    (x, y), (x_test, y_test) = getattr(datasets, name).load_data()
    assert len(x_test) == -(-n // 5)
    both = np.concatenate([np.c_[x, y], np.c_[x_test, y_test]])
    wanted = np.c_[theirs.data, theirs.target]
    assert np.array_equal(both[np.lexsort(both.T)], wanted[np.lexsort(wanted.T)])
    assert {x.dtype, x_test.dtype} == {np.dtype("float64")}
    assert {y.dtype, y_test.dtype} == {np.dtype("int64" if classes else "float64")}


def test_bundled_splits_follow_seed_share_and_stratification(sklearn):
    digits = datasets.digits
    (_, y), (x_test, y_test) = digits.load_data(test_split=0.3, seed=1)
    assert np.array_equal(x_test, digits.load_data(0.3, 1)[1][0])
    assert not np.array_equal(x_test, digits.load_data(0.3, 2)[1][0])
    shares = np.bincount(y_test) / (np.bincount(y) + np.bincount(y_test))
    assert shares == pytest.approx(np.full(10, 0.3), abs=0.006)
    plain = np.bincount(digits.load_data(0.3, 1, stratify=False)[1][1])
    assert np.abs(plain - np.bincount(y_test)).max() > 2
    refused(lambda: digits.load_data(test_split=1.0), "split(fraction=1)")


@pytest.mark.parametrize("name", names.BUNDLED)
def test_without_scikit_learn_the_message_names_the_extra(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingToolError, match=re.escape('pip install "autograd-lab[data]"')):
        getattr(datasets, name).load_data()
    with pytest.raises(MissingToolError, match=name):
        datasets.read(name)


# --- IDX ------------------------------------------------------------------------------------------


def idx_bytes(array: np.ndarray) -> bytes:
    lengths = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes()


def some_images(train=30, test=20, seed=0):
    rng = np.random.default_rng(seed)
    return [
        part
        for n in (train, test)
        for part in (
            rng.integers(0, 256, (n, 28, 28), dtype=np.uint8),
            (np.arange(n) % 10).astype(np.uint8),
        )
    ]


def write_folder(folder: Path, arrays, packed=False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(places.IDX_FILES, arrays, strict=True):
        data = idx_bytes(array)
        file = folder / (f"{name}.gz" if packed else name)
        file.write_bytes(gzip.compress(data) if packed else data)
    return folder


CUBE = np.arange(24).reshape(2, 3, 4)
GOOD = idx_bytes(CUBE)
BAD_IDX = {
    "empty": (b"", "starts with nothing"),
    "a web page": (b"<html>", "starts with 3c 68 74 6d instead of 00 00 08 03"),
    "labels for images": (idx_bytes(np.arange(5)), "instead of 00 00 08 03"),
    "floats": (GOOD.replace(b"\x08", b"\x0d", 1), "instead of 00 00 08 03"),
    "header cut": (GOOD[:9], "ends within its header"),
    "one byte short": (GOOD[:-1], "ends after 23 of 24 bytes"),
    "one byte long": (GOOD + b"\0", "goes on after its 24 bytes"),
    "lengths that lie": (GOOD[:4] + b"\xff" * 12 + GOOD[16:], "at most 1,073,741,824 are read"),
    "no gzip after its first bytes": (b"\x1f\x8b" + GOOD, "damaged or incomplete"),
    "gzip cut": (gzip.compress(GOOD)[:-9], "damaged or incomplete"),
    "gzip's sum wrong": (gzip.compress(GOOD)[:-8] + b"\0" * 8, "CRC check failed"),
    "gzip of less": (gzip.compress(GOOD[:-5]), "ends after 19 of 24 bytes"),
    "gzip of more": (gzip.compress(GOOD + b"\0"), "goes on after its 24 bytes"),
    "rubbish behind gzip": (gzip.compress(GOOD) + b"rubbish", "damaged or incomplete"),
}


@pytest.mark.parametrize("packed", [False, True])
def test_idx_is_read_plain_and_packed(tmp_path, packed):
    file = tmp_path / "cube"
    file.write_bytes(gzip.compress(GOOD) if packed else GOOD)
    found = read_idx(file, 3)
    assert found.dtype == np.uint8
    assert found.tolist() == CUBE.tolist()
    found[0, 0, 0] = 9  # an array of the user's own


@pytest.mark.parametrize("case", BAD_IDX)
def test_idx_that_is_not_whole_is_refused(tmp_path, case):
    data, words = BAD_IDX[case]
    file = tmp_path / "images"
    file.write_bytes(data)
    refused(lambda: read_idx(file, 3), "images' ", words, "Nothing of it was used")


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    file = tmp_path / "images.gz"
    file.write_bytes(gzip.compress(GOOD + bytes(50_000_000)))
    tracemalloc.start()
    refused(lambda: read_idx(file, 3), "goes on after its 24 bytes")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_files_that_are_none_are_refused(tmp_path):
    refused(lambda: read_idx(tmp_path, 3), "is a folder")
    refused(lambda: read_idx(tmp_path / "no", 3), "no such file")
    refused(lambda: read_idx(tmp_path / ("n" * 400), 3), "cannot be read")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        refused(lambda: read_idx(tmp_path / "pipe", 3), "no such file")


def test_folders_whose_files_do_not_fit_are_refused(tmp_path):
    x, y, x_test, y_test = some_images()
    write_folder(tmp_path / "a", (x, y[:-1], x_test, y_test))
    refused(lambda: read_folder(tmp_path / "a"), "30 training images, but 29 labels")
    write_folder(tmp_path / "b", (x, y, x_test[:0], y_test[:0]))
    refused(lambda: read_folder(tmp_path / "b"), "0 test images")
    write_folder(tmp_path / "c", (x, y, x_test[:, :8], y_test))
    refused(lambda: read_folder(tmp_path / "c"), "(28, 28) and of (8, 28)")
    (tmp_path / "c" / places.IDX_FILES[3]).unlink()
    refused(lambda: read_folder(tmp_path / "c"), f"no file {places.IDX_FILES[3]}")


# --- Fashion-MNIST and MNIST ----------------------------------------------------------------------


def same(pairs, arrays):
    flat = [array for pair in pairs for array in pair]
    return all(
        a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(flat, arrays, strict=True)
    )


def test_fashion_mnist_of_this_machine():
    if places.fashion_mnist()[0] is None:
        pytest.skip("Fashion-MNIST is not on this machine")
    (x, y), (x_test, y_test) = datasets.fashion_mnist.load_data()
    assert (x.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert {a.dtype for a in (x, y, x_test, y_test)} == {np.dtype(np.uint8)}
    assert np.bincount(y).tolist() == [6000] * 10
    assert np.bincount(y_test).tolist() == [1000] * 10
    assert y[:5].tolist() == [9, 0, 0, 3, 0]
    assert x.mean() == pytest.approx(72.94, abs=0.01)  # known as 0.2860 of 255
    whole = datasets.read("fashion_mnist")
    assert (whole.y.dtype, whole.class_names[9]) == (np.int64, "Ankle boot")
    assert np.array_equal(whole.x_test, x_test)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("below", ["", "fashion-mnist"])
def test_fashion_mnist_is_found_where_it_was_put(only_here, packed, below):
    arrays = some_images()
    folder = write_folder(only_here / below, arrays, packed)
    assert same(fashion_mnist.load_data(), arrays)
    assert same(fashion_mnist.load_data(path=str(folder)), arrays)


def test_fashion_mnist_that_is_absent_says_how_to_get_it(only_here):
    with pytest.raises(MissingToolError) as caught:
        fashion_mnist.load_data()
    message = str(caught.value)
    for words in (
        "apt install dataset-fashion-mnist",
        places.VARIABLE,
        str(only_here),
        "nothing is",
    ):
        assert words in message
    assert message.count("\n") < 5
    refused(lambda: fashion_mnist.load_data(only_here), "has no train-images-idx3-ubyte")


def test_a_damaged_file_gives_no_half_data(only_here):
    write_folder(only_here, some_images(), packed=True)
    file = only_here / "t10k-labels-idx1-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-4])
    refused(fashion_mnist.load_data, "t10k-labels-idx1-ubyte.gz", "damaged")


@pytest.mark.parametrize("how", ["mnist.npz", "mnist"])
def test_mnist_comes_from_a_copy_of_ones_own(only_here, how):
    arrays = some_images(seed=3)
    place = only_here / how
    if how == "mnist":
        write_folder(place, arrays)
    else:
        write_npz(place, arrays)
    assert same(mnist.load_data(), arrays)
    assert same(mnist.load_data(place), arrays)
    assert np.array_equal(datasets.read("mnist").x, arrays[0])


def write_npz(path, arrays):
    np.savez(path, **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays, strict=True)))


def test_mnist_that_is_absent_or_something_else(only_here):
    with pytest.raises(MissingToolError, match=r"(?s)mnist\.npz.*AUTOGRAD_LAB_DATA.*digits"):
        mnist.load_data()
    x, y, x_test, y_test = some_images()
    file = only_here / "mnist.npz"
    np.savez(file, x=x, y=y)
    refused(mnist.load_data, "has no x_test and y_test")
    write_npz(file, (x / 255, y, x_test, y_test))
    refused(mnist.load_data, "holds float64 (30, 28, 28)")
    write_npz(file, (x, y[:-1], x_test, y_test))
    refused(mnist.load_data, "uint8 (29,)")
    write_npz(file, (x, y + 1, x_test, y_test))
    refused(mnist.load_data, "has a label 10, but MNIST has ten classes")


def test_the_two_sets_with_the_same_file_names_are_told_apart(only_here):
    first = {"mnist": [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], "fashion": [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]}
    x, y, x_test, y_test = some_images()
    y[:10] = first["mnist"]
    write_folder(only_here, (x, y, x_test, y_test))
    refused(fashion_mnist.load_data, "holds MNIST, not Fashion-MNIST")
    assert mnist.load_data(only_here)[0][1][:3].tolist() == [5, 0, 4]
    y[:10] = first["fashion"]
    write_folder(only_here, (x, y, x_test, y_test))
    refused(lambda: mnist.load_data(only_here), "holds Fashion-MNIST, not MNIST")
    assert fashion_mnist.load_data()[0][1][:3].tolist() == [9, 0, 0]


# --- NPZ ------------------------------------------------------------------------------------------


def npy_bytes(header: str, entries: bytes, version=(1, 0)) -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(text)) + text + entries


def zip_file(members: dict[str, bytes], packing=zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def savez(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), **options)
    return buffer.getvalue()


X, Y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
HEADER = "{{'descr': {}, 'fortran_order': False, 'shape': {}, }}"
NAN = np.where(X == 5, np.nan, X)


def with_y(data: bytes) -> bytes:
    return zip_file({"x.npy": data, "y.npy": npy(Y)})


BAD_NPZ = {
    "text": (b"x, y", "not a zip file"),
    "cut": (savez(x=X, y=Y)[:-30], "damaged or incomplete"),
    "a bit turned": (savez(x=X, y=Y).replace(X.tobytes()[8:], X.tobytes()[8:-1] + b"!"), "CRC-32"),
    "empty": (zip_file({}), "holds nothing; wanted are x and y"),
    "other names": (savez(features=X, labels=Y), "holds 'features', 'labels'; wanted"),
    "half a test": (savez(x=X, y=Y, x_test=X), "has x_test without its other half"),
    "objects": (with_y(npy(np.array([1, "a"], object), allow_pickle=True)), "never loaded"),
    "lzma": (zip_file({"x.npy": npy(X), "y.npy": npy(Y)}, zipfile.ZIP_LZMA), "as NumPy never does"),
    "no array": (with_y(b"hello world"), "'x.npy' is no array of NumPy"),
    "unknown version": (with_y(npy_bytes("{}", b"", (9, 9))), "is no array of NumPy"),
    "header is code": (with_y(npy_bytes("__import__('os').abort()", b"")), "is no array of NumPy"),
    "header too deep": (with_y(npy_bytes("(" * 9000, b"")), "is no array of NumPy"),
    "of Python 2": (with_y(npy_bytes(HEADER.format("'<f8'", "(1L,)"), bytes(8))), "is no array"),
    "4 TB announced": (with_y(npy_bytes(HEADER.format("'<f8'", "(10**12,)"), b"")), "is no array"),
    "2 TB announced": (
        with_y(npy_bytes(HEADER.format("'<f8'", "(500000, 500000)"), bytes(64))),
        "announces shape (500000, 500000); at most",
    ),
    "negative lengths": (
        with_y(npy_bytes(HEADER.format("'<f8'", "(-1, -8)"), bytes(64))),
        "announces shape (-1, -8)",
    ),
    "more than there is": (
        with_y(npy_bytes(HEADER.format("'<f8'", "(6, 2)"), bytes(64))),
        "announces 96 bytes of entries, but has 64",
    ),
    "less than there is": (
        with_y(npy_bytes(HEADER.format("'<f8'", "(6,)"), bytes(64))), "announces 48 bytes",
    ),
    "complex": (with_y(npy(X * 1j)), "has dtype 'complex128'"),
    "dates": (with_y(npy(np.array(["2020-01-01"], "M8[D]"))), "has dtype 'datetime64[D]'"),
    "records": (with_y(npy(np.zeros(2, [("a", "f8")]))), "has dtype"),
    "NaN": (savez(x=NAN, y=Y), "x[2, 1] is NaN (missing)"),
    "infinity": (savez(x=X, y=np.array([0, 1, np.inf, 0, 1, 1])), "y[2] is infinite"),
    "text as features": (savez(x=X.astype(str), y=Y), "x is <U32 of shape (6, 2)"),
    "one axis": (savez(x=X[:, 0], y=Y), "reshape(-1, 1)"),
    "no examples": (savez(x=X[:0], y=Y[:0]), "x is float64 of shape (0, 2)"),
    "one-hot": (savez(x=X, y=np.eye(6)), "y.argmax(axis=1)"),
    "other lengths": (savez(x=X, y=Y[:5]), "x (6, 2) and y (5,) do not fit"),
    "other test": (savez(x=X, y=Y, x_test=X[:, :1], y_test=Y), "examples of the same form"),
    "unseen class": (
        savez(x=X, y=Y, x_test=X, y_test=np.array([0, 1, 2, 0, 1, 2])), "class '2' is in y_test",
    ),
    "control characters": (savez(x=X, y=np.array(["a", "b\x1b[2J"] * 3)), "printable"),
    "no characters": (
        zip_file({
            "x.npy": npy(X), "y.npy": npy_bytes(HEADER.format("'<U1'", "(6,)"), b"\xff" * 24),
        }),
        "characters that do not exist",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_NPZ)
def test_an_archive_that_cannot_be_used_is_refused(tmp_path, case):
    data, words = BAD_NPZ[case]
    file = tmp_path / "data.npz"
    file.write_bytes(data)
    refused(lambda: datasets.read(file), words)


def test_an_encrypted_archive_is_refused(tmp_path):
    data = bytearray(savez(x=X, y=Y))
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        at, flag = 0, 6 if start[3] == 4 else 8
        while (at := data.find(start, at)) >= 0:
            data[at + flag] |= 1
            at += 4
    (tmp_path / "data.npz").write_bytes(data)
    refused(lambda: datasets.read(tmp_path / "data.npz"), "as NumPy never does")


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    x = npy_bytes(HEADER.format("'|u1'", "(70000000, 1)"), bytes(70_000_000))
    file = tmp_path / "data.npz"
    file.write_bytes(zip_file({"x.npy": x, "y.npy": npy(Y)}, zipfile.ZIP_DEFLATED))
    assert file.stat().st_size < 200_000
    tracemalloc.start()
    refused(lambda: datasets.read(file), "would unpack 'x.npy' to 70,0", "np.savez")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["f4", ">f8", "f8", "i2", ">u4", "u1", "f2", "?"])
def test_an_archive_comes_back_as_it_was_saved(tmp_path, save, dtype):
    x = np.asfortranarray(np.random.default_rng(0).integers(0, 2, (6, 3, 4)).astype(dtype))
    save(tmp_path / "own.npz", x_train=x, y_train=Y[:, None], x_test=x[:2], y_test=Y[:2, None])
    found = datasets.read(tmp_path / "own.npz")
    assert np.array_equal(found.x, x)
    assert np.array_equal(found.x_test, x[:2])
    assert found.x.dtype.isnative
    assert found.x.dtype.name == {"f2": "float64", "?": "uint8"}.get(dtype, x.dtype.name)
    assert (found.name, found.y.tolist(), found.y_test.tolist()) == ("own", Y.tolist(), [0, 1])
    assert (found.class_names, found.task, found.feature_names) == (
        ("0", "1"),
        "classification",
        (),
    )


def test_text_targets_of_an_archive_become_classes(tmp_path):
    y = np.array(["no", "yes", "né"] * 2)
    np.savez(tmp_path / "own.npz", x=X, y=y, anything=np.zeros(3))
    found = datasets.read(tmp_path / "own.npz")
    assert found.class_names == ("no", "né", "yes")
    assert [found.class_names[k] for k in found.y] == y.tolist()
    assert found.feature_names == ("x1", "x2")
    assert found.x_test is None


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_in_the_form_of_mnist_is_read(tmp_path, packed):
    arrays = some_images()
    found = datasets.read(write_folder(tmp_path / "letters", arrays, packed))
    assert same(
        ((found.x, found.y.astype("u1")), (found.x_test, found.y_test.astype("u1"))), arrays
    )
    assert (found.name, len(found.class_names)) == ("letters", 10)


# --- what is a class ------------------------------------------------------------------------------

TARGETS = {
    "text": (["b", "a", "b"], None, [1, 0, 1], ("a", "b")),
    "two numbers": ([-1.0, 1.0, -1.0, 1.0], None, [0, 1, 0, 1], ("-1", "1")),
    "from one, with a gap": ([1.0, 2.0, 4.0] * 2, None, [0, 1, 2] * 2, ("1", "2", "4")),
    "three examples": ([1.0, 0.0, 1.0], None, [1, 0, 1], ("0", "1")),
    "fractions": ([0.5, 1.0, 0.5, 1.0], None, [0.5, 1.0, 0.5, 1.0], ()),
    "each once": ([1.0, 2.0, 3.0], None, [1.0, 2.0, 3.0], ()),
    "each once, but asked": ([1.0, 3.0, 2.0], "classification", [0, 2, 1], ("1", "2", "3")),
    "few, but asked": ([0.0, 1.0] * 2, "regression", [0.0, 1.0] * 2, ()),
    "too many": ([*np.arange(21.0)] * 3, None, [*np.arange(21.0)] * 3, ()),
    "just not too many": (
        [*np.arange(20.0)] * 2, None, [*range(20)] * 2, tuple(map(str, range(20))),
    ),
    "enormous": ([1e300, 0.0] * 2, None, [1e300, 0.0] * 2, ()),
}  # fmt: skip


@pytest.mark.parametrize("case", TARGETS)
def test_targets_are_classes_or_numbers(case):
    given_, task, y, class_names = TARGETS[case]
    values = given_ if isinstance(given_[0], str) else np.array(given_)
    found = targets_of(values, task, "here")
    assert found.y.tolist() == y
    assert found.class_names == class_names
    assert found.task == ("classification" if class_names else "regression")
    assert found.y.dtype == (np.int64 if class_names else np.float64)


def test_targets_that_cannot_be_used():
    refused(lambda: targets_of(["a", "b"], "regression", "here"), "here: the target is text", "'a'")
    refused(lambda: targets_of(np.array([0.5]), "classification", "here"), "task='regression'")
    refused(
        lambda: targets_of(np.array([1.0]), "clustering", "here"), "task='clustering'", "choose"
    )
    refused(lambda: targets_of([str(i) for i in range(1001)], None, "here"), "1,001 different")
    refused(lambda: data_set("t", X, np.array(["x" * 201, "y"] * 3)), "at most 200")


# --- CSV ------------------------------------------------------------------------------------------

WORD = st.text(
    st.characters(codec="utf-8", categories=["L", "P", "Sm", "Zs"]), min_size=1, max_size=8
).map(str.strip).filter(
    lambda text: text and text.isprintable() and text.casefold() not in csv_file.MISSING
    and not csv_file._is_number(text.replace(",", "."))
)  # fmt: skip
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw):
    """Features, targets (text or numbers), and a header or none."""
    n, width = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    x = draw(st.lists(st.lists(NUMBER, min_size=width, max_size=width), min_size=n, max_size=n))
    y = draw(st.lists(draw(st.sampled_from([WORD, NUMBER])), min_size=n, max_size=n))
    size = draw(st.sampled_from([0, width + 1]))
    header = draw(st.lists(WORD, min_size=size, max_size=size, unique=True))
    return x, y, header


@given(
    table=tables(),
    delimiter=st.sampled_from(csv_file.DELIMITERS),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    place=st.integers(0, 4),
    bom=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL]),
)
def test_a_table_comes_back_as_it_was_written(
    tmp_path_factory, table, delimiter, end, place, bom, quoting
):
    x, y, header = table
    at = min(place, len(x[0]))
    rows = [[*row[:at], label, *row[at:]] for row, label in zip(x, y, strict=True)]
    file = tmp_path_factory.mktemp("csv") / "own.csv"
    with file.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quoting)
        writer.writerows([header] * bool(header) + rows)
    is_text = isinstance(y[0], str)
    found = datasets.read(file, target=at, task=None if is_text else "regression")
    assert found.x.tolist() == x
    if is_text:
        assert [found.class_names[k] for k in found.y] == y
        assert list(found.class_names) == sorted(set(y))
    else:
        assert found.y.tolist() == y
    if header:
        assert found.feature_names == (*header[:at], *header[at + 1 :])
        assert datasets.read(file, target=header[at], task=found.task).x.tolist() == x


TEXTS = {  # text of a file -> features, targets, names of features
    "the slide's form": ("a,b,c\n1,2,x\n3,4,y\n", [[1, 2], [3, 4]], [0, 1], ("a", "b")),
    "no header": ("1,2,x\n3,4,y\n", [[1, 2], [3, 4]], [0, 1], ("x1", "x2")),
    "rows of nothing": ("\n1,2,x\n\n3,4,y\n,,\n  \n", [[1, 2], [3, 4]], [0, 1], ("x1", "x2")),
    "blanks": ("a , b\n 1 , x \n2, y\n", [[1], [2]], [0, 1], ("a",)),
    "quotation": ('"a,1";"b"\n"1";"x;y"\n', [[1]], [0], ("a,1",)),
    "tabs": ("1\t2\tx\n3\t4\ty\n", [[1, 2], [3, 4]], [0, 1], ("x1", "x2")),
    "numbers with signs": ("a,b\n+1e-3,1\n-.5,1\n", [[0.001], [-0.5]], [0, 0], ("a",)),
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("ending", names.TABLES)
def test_forms_of_a_table(tmp_path, case, ending):
    text, x, y, features = TEXTS[case]
    file = tmp_path / f"own{ending}"
    file.write_text(text, encoding="utf-8")
    found = datasets.read(str(file))
    assert (found.x.tolist(), found.y.tolist(), found.feature_names) == (x, y, features)


@pytest.mark.parametrize(
    ("target", "feature"),
    [(None, "a"), ("c", "a"), ("a", "b"), (0, "b"), (-2, "a"), ("-3", "b"), ("1", "a"), (2, "a")],
)
def test_the_target_is_a_name_or_a_place(tmp_path, target, feature):
    file = tmp_path / "own.csv"
    file.write_text("a,b,c\n1,2,3\n4,5,6\n")
    found = datasets.read(file, target=target, task="regression")
    assert found.feature_names[0] == feature
    assert len(found.feature_names) == 2


BAD_CSV = {
    "empty": ("", "there is nothing"),
    "one column": ("1\n2\n", "there is only one column", "comma, semicolon or tab"),
    "columns without end": ("1," * 10_001 + "2\n", "line 1", "10,002 columns are more than"),
    "only a header": ("a,b\n", "no row below it"),
    "unnamed column": (",a,b\n0,1,x\n", "line 1", "column 1 has no name", "index=False"),
    "a name twice": ("a,b,a\n1,2,3\n", "line 1", "two columns are called 'a'"),
    "a name in control": ("a,b\x1b[2J\n1,2\n", "line 1", "control characters"),
    "ragged": ("a,b,c\n1,2,x\n\n1,2\n", "line 4", "has 2 cells, but the first has 3"),
    "ragged the other way": ("1,2\n1,2\n1,2,3\n", "line 3", "has 3 cells"),
    "missing": ("a,b\n1,x\n,y\n", "line 3, column 'a'", "the value is missing"),
    "NA": ("a,b\n1,x\nNA,y\n", "line 3, column 'a'", "missing ('NA')"),
    "NaN": ("a,b\n1,x\nnan,y\n", "line 3, column 'a'", "missing"),
    "infinite": ("1,x\n-inf,y\n", "line 2, column 1", "infinite"),
    "too large": ("a,b,c\n1,2,x\n1,1e999,y\n", "line 3, column 'b'", "infinite"),
    "missing target": ("a,b\n1,x\n2,\n", "line 3, column 'b'", "missing"),
    "NaN as target": ("a,b\n1,1.5\n2,nan\n", "line 3, column 'b'", "missing"),
    "infinite target": ("a,b\n1,1.5\n2,inf\n", "line 3, column 'b'", "infinite"),
    "text as feature": ("a,b\nred,1\n", "line 2, column 'a'", "'red' is not a number", "target="),
    "target first": ("x,1,2\ny,3,4\n", "line 1, column 1", "name its column with target=..."),
    "decimal comma": ("a;b\n1,5;x\n", "line 2, column 'a'", "write decimals with a point"),
    "thousands": ('a,b\n"1,000",x\n', "line 2, column 'a'", "write decimals with a point"),
    "Python's digits": ("a,b\n1_000,x\n", "line 2, column 'a'", "'1_000' is not a number"),
    "mixed target": ("a,b\n1,1\n2,x\n", "line 3, column 'b'", "'x' is text, but other targets"),
    "open quotation": ('a,b\n1,"x\n', "line 2", "this is no CSV", "quotation marks"),
    "long cell": ("a,b\n1," + "x" * 140_000 + "\n", "line 2", "field larger than field limit"),
    "long line": ("a" * 1_000_001, "line 1", "longer than 1,000,000 characters"),
    "line break in a class": ('a,b\n1,"x\ny"\n', "column 'b'", "printable"),
    "nul": ("a,b\n\x00,x\n", "line 2, column 'a'", r"'\x00' is not a number"),
    "escape": ("a,b\n\x1b[2J,x\n", "line 2, column 'a'", r"'\x1b[2J' is not a number"),
    "Latin-1": ("a,b\n1,Grün\n".encode("latin-1"), "byte 0xfc is not UTF-8"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "byte 0xff is not UTF-8"),
    "a zip archive": (savez(x=X, y=Y), "not UTF-8"),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, case):
    data, *words = BAD_CSV[case]
    file = tmp_path / "own.csv"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    assert refused(lambda: datasets.read(file), *words).startswith("'own.csv'")


def test_a_huge_table_is_not_even_opened(tmp_path):
    file = tmp_path / "own.csv"
    with file.open("wb") as stream:
        stream.truncate(csv_file.MAX_FILE + 1)  # a hole: no byte is written
    refused(lambda: datasets.read(file), "100,000,001 bytes, more than the 100,000,000")


def test_a_wrong_target_is_answered_with_the_columns(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("height,weight,kind\n1,2,x\n")
    refused(
        lambda: datasets.read(file, target="wieght"), "did you mean weight?", "count from 0 to 2"
    )
    for target in (3, -4, True, 1.5, ["kind"]):
        refused(
            lambda target=target: datasets.read(file, target=target), "the columns are 'height'"
        )
    file.write_text("1,2\n")
    refused(lambda: datasets.read(file, target="kind"), "target='kind' is no column", "0 to 1")


# --- one door -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names.GENERATED)
def test_a_generator_is_read_with_its_options(name):
    found = datasets.read(f"{name}:n=60, noise=0.25,seed=3")
    x, y = getattr(generators, name)(60, noise=0.25, seed=3)
    assert (found.name, found.task, found.feature_names) == (name, "classification", ("x1", "x2"))
    assert np.array_equal(found.x, x)
    assert np.array_equal(found.y, y)
    assert found.class_names == tuple(map(str, range(len(set(y)))))
    assert len(datasets.read(name).x) == 100


def test_special_options_reach_their_generator():
    assert len(datasets.read("spirals:arms=5").class_names) == 5
    assert len(datasets.read("blobs:centers=4,noise=2").class_names) == 4
    ring = datasets.read("circles:factor=0.25")
    assert np.linalg.norm(ring.x, axis=1).min() == pytest.approx(0.25)


BAD_SOURCES = {
    "moon": ("did you mean moons?", "known: moons, circles"),
    "Iris": ("did you mean iris?",),
    "iris:n=3": ("iris has no options",),
    "moons:m=3": ("moons has no option 'm'", "its options: n, noise, seed"),
    "moons:nois=3": ("did you mean noise?",),
    "moons:n=3.5": ("moons:n='3.5'", "a whole number"),
    "moons:noise=loud": ("moons:noise='loud'", "a number"),
    "moons:n": ("a whole number",),
    "moons:n=1": ("moons(n_samples=1)",),
    "moons:noise=nan": ("moons(noise=nan)",),
    "moons:n=5,n=6": ("n is given twice",),
    "moons:n=__import__('os')": ("a whole number",),
    "data.xlsx": ("'data.xlsx' is no data set", ".csv"),
    "no/such/thing": ("is no data set",),
    "nothing.csv": ("'nothing.csv': there is no such file",),
    "nothing.npz": ("'nothing.npz': there is no such file",),
    "": ("give a name or a file",),
    "\x1b[2J": (r"'\x1b[2J' is no data set",),
    "x" * 5000: ("is no data set",),
    "x" * 5000 + ".csv": ("cannot be read",),
}


@pytest.mark.parametrize("source", BAD_SOURCES, ids=lambda source: source[:20])
def test_a_source_that_is_none_is_refused(source):
    refused(lambda: datasets.read(source), *BAD_SOURCES[source])


def test_what_only_files_have_is_refused_elsewhere(tmp_path):
    refused(lambda: datasets.read("moons", target="y"), "for files only")
    refused(lambda: datasets.read("moons", task="regression"), "for files only")
    refused(lambda: datasets.read("moons", task="clustering"), "task='clustering'")
    refused(lambda: datasets.read(tmp_path / "a.npz", target=0), "only tables")
    for source in (None, 5, b"moons", ["moons"]):
        refused(lambda source=source: datasets.read(source), "give a name or a file")


def test_a_path_is_always_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(lambda: datasets.read(Path("moons")), "did you mean moons")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.CSV").write_text("1,2\n3,4\n")
    assert datasets.read("~/own.CSV", task="regression").y.tolist() == [2, 4]


# --- files that chance has damaged ----------------------------------------------------------------

SOUND = {
    "own.npz": savez(x=X, y=np.array(list("aabbab"))),
    "own.csv": b'a;b;c\r\n1;2;x\r\n3;4;y\r\n5;6;"x"\r\n7;8;y\n',
    "idx": GOOD,
    "idx.gz": gzip.compress(GOOD),
}


@pytest.mark.parametrize("name", SOUND)
def test_damage_is_refused_or_harmless(tmp_path, name):
    """Whatever stands in a file, the answer is a data set or a UsageError."""
    rng = np.random.default_rng(0)
    file = tmp_path / name
    outcomes = {"read": 0, "refused": 0}
    for _ in range(150):
        data = bytearray(SOUND[name])
        for place in rng.integers(0, len(data), rng.integers(1, 5)):
            data[place] = rng.integers(256)
        file.write_bytes(data[: rng.integers(1, len(data))] if rng.random() < 0.2 else data)
        try:
            read_idx(file, 3) if name.startswith("idx") else datasets.read(file)
            outcomes["read"] += 1
        except UsageError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 50, outcomes


def test_damage_inside_a_sound_archive_is_refused_or_harmless(tmp_path):
    rng = np.random.default_rng(1)
    file = tmp_path / "own.npz"
    refusals = 0
    for _ in range(150):
        data = bytearray(npy(X))
        for place in rng.integers(0, 128, 2):
            data[place] = rng.integers(256)
        file.write_bytes(with_y(bytes(data)))
        try:
            datasets.read(file)
        except UsageError:
            refusals += 1
    assert refusals > 50
