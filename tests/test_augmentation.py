"""Augmentation against brute force, exact symmetries and Keras's own pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lab import layers, ops
from autograd_lab.graph import leaf
from autograd_lab.interpreters.differentiate import gradient
from autograd_lab.layers.resampling import FILL_MODES, INTERPOLATIONS, folded

L = layers
RANDOM = np.random.default_rng(7)
IMAGES = RANDOM.uniform(0.0, 255.0, (3, 5, 4, 2))


def changed(layer: Any, images: np.ndarray) -> np.ndarray:
    return layer(images, training=True).value


# --- brute force: one pixel after the other, from the definitions --------------------------------


def outside(image: np.ndarray, row: int, column: int, fill_mode: str, fill_value: float) -> float:
    """The pixel of an image that goes on beyond its borders, found by walking there."""
    height, width = image.shape
    if fill_mode == "constant":
        inside = 0 <= row < height and 0 <= column < width
        return image[row, column] if inside else fill_value
    if fill_mode == "nearest":
        return image[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
    if fill_mode == "wrap":
        return image[row % height, column % width]
    while not 0 <= row < height:  # mirrored at the edge between pixels
        row = -1 - row if row < 0 else 2 * height - 1 - row
    while not 0 <= column < width:
        column = -1 - column if column < 0 else 2 * width - 1 - column
    return image[row, column]


def between(image: np.ndarray, y: float, x: float, interpolation: str, *fill: Any) -> float:
    if interpolation == "nearest":
        return outside(image, *[int(math.copysign(abs(at) + 0.5, at)) for at in (y, x)], *fill)
    row, column = math.floor(y), math.floor(x)
    down, right = y - row, x - column
    return (
        (1 - down) * (1 - right) * outside(image, row, column, *fill)
        + (1 - down) * right * outside(image, row, column + 1, *fill)
        + down * (1 - right) * outside(image, row + 1, column, *fill)
        + down * right * outside(image, row + 1, column + 1, *fill)
    )


def source(layer: Any, y: float, x: float, height: int, width: int) -> tuple[float, float]:
    """Where a pixel comes from, for layers whose intervals are single numbers."""
    middle, centre = (height - 1) / 2, (width - 1) / 2
    if isinstance(layer, L.RandomTranslation):
        return y - layer.height_factor[0] * height, x - layer.width_factor[0] * width
    if isinstance(layer, L.RandomZoom):
        wide = (layer.width_factor or layer.height_factor)[0]
        tall = layer.height_factor[0]
        return middle + (1 + tall) * (y - middle), centre + (1 + wide) * (x - centre)
    turn = 2 * math.pi * layer.factor[0]
    place = complex(x - centre, y - middle) * complex(math.cos(turn), math.sin(turn))
    return middle + place.imag, centre + place.real


shares = st.floats(-1.0, 1.0).map(lambda f: round(f, 3))
moves = st.one_of(
    st.builds(lambda a, b: ("RandomTranslation", ((a, a), (b, b))), shares, shares),
    st.builds(lambda a: ("RandomRotation", ((a, a),)), shares),
    st.builds(
        lambda a, b: ("RandomZoom", ((a, a), None if b is None else (b, b))),
        shares.filter(lambda f: f > -1), st.none() | shares.filter(lambda f: f > -1),
    ),
)  # fmt: skip


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("fill_mode", FILL_MODES)
@given(move=moves, size=st.tuples(st.integers(1, 5), st.integers(1, 5)))
def test_every_pixel_is_found_by_brute_force(move, size, fill_mode, interpolation):
    name, factors = move
    layer = getattr(L, name)(
        *factors, fill_mode=fill_mode, interpolation=interpolation, fill_value=7.0, dtype="float64"
    )
    image = np.random.default_rng(size).uniform(0.0, 255.0, size)
    found = changed(layer, image[None])[0]
    for y, x in np.ndindex(size):
        place = source(layer, y, x, *size)
        if interpolation == "nearest" and any(abs(at % 1 - 0.5) < 1e-9 for at in place):
            continue  # between two pixels rounding decides
        wanted = between(image, *place, interpolation, fill_mode, 7.0)
        assert found[y, x] == pytest.approx(wanted, rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("fill_mode", ["reflect", "wrap", "nearest"])
def test_far_beyond_the_border(fill_mode):
    row = np.arange(4.0)[None]
    for place in range(-30, 30):
        wanted = outside(row, 0, place, fill_mode, 0.0)
        assert folded(np.array([place]), 4, fill_mode).tolist() == [wanted]


# --- symmetries that are exact -------------------------------------------------------------------


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("turns", [-2, -1, 0, 1, 2, 3, 4])
def test_quarter_turns_are_rot90(turns, interpolation):
    squares = RANDOM.uniform(0.0, 1.0, (2, 5, 5, 3))
    layer = L.RandomRotation((turns / 4,) * 2, interpolation=interpolation, dtype="float64")
    assert np.allclose(changed(layer, squares), np.rot90(squares, turns, (1, 2)), atol=1e-12)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize(("down", "right"), [(1, 0), (-2, 3), (5, -4), (0, 0)])
def test_whole_shifts_that_wrap_are_roll(down, right, interpolation):
    layer = L.RandomTranslation(
        (down / 5,) * 2, (right / 4,) * 2, "wrap", interpolation, dtype="float64"
    )
    assert np.allclose(changed(layer, IMAGES), np.roll(IMAGES, (down, right), (1, 2)), atol=1e-9)


def test_shift_by_a_whole_pixel_leaves_the_fill_behind():
    layer = L.RandomTranslation((0.2, 0.2), (0, 0), "constant", fill_value=9.0, dtype="float64")
    found = changed(layer, IMAGES)
    assert np.allclose(found[:, 1:], IMAGES[:, :-1], atol=1e-9)
    assert np.allclose(found[:, 0], 9.0)


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_an_even_image_stays_even(fill_mode):
    even = np.full((8, 6, 7), 3.0)
    for name, factors in [("RandomTranslation", (0.8, 0.9)), ("RandomRotation", (1.0,)),
                          ("RandomZoom", (0.9,))]:  # fmt: skip
        layer = getattr(L, name)(*factors, fill_mode=fill_mode, fill_value=3.0, seed=1)
        assert np.allclose(changed(layer, even), 3.0, rtol=1e-5), name
    assert np.allclose(changed(L.RandomContrast(0.9, seed=1), even), 3.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("mode", "axes"),
    [("horizontal", (2,)), ("vertical", (1,)), ("horizontal_and_vertical", (1, 2))],
)
def test_flip_mirrors_half_of_the_images(mode, axes):
    images = np.repeat(IMAGES[:1], 400, axis=0)
    found = changed(L.RandomFlip(mode, seed=1, dtype="float64"), images)
    flipped = (found == np.flip(images, axes)).all((1, 2, 3))
    assert (flipped | (found == images).all((1, 2, 3))).all()
    assert 150 < flipped.sum() < 250  # five standard deviations


def test_positive_zoom_makes_the_image_smaller():
    image = np.zeros((1, 9, 9))
    image[0, 1:-1, 1:-1] = 1.0
    small = changed(L.RandomZoom((0.5, 0.5), fill_mode="constant"), image)
    large = changed(L.RandomZoom((-0.5, -0.5), fill_mode="constant"), image)
    assert small.sum() < image.sum() < large.sum()


def test_zoom_without_a_width_keeps_the_proportions():
    squares = RANDOM.uniform(0.0, 1.0, (6, 7, 7))
    mirrored = squares + squares.transpose(0, 2, 1)
    one, two = (
        changed(L.RandomZoom(0.5, seed=1), mirrored),
        changed(L.RandomZoom(0.5, 0.5), mirrored),
    )
    assert np.allclose(one, one.transpose(0, 2, 1), atol=1e-6)
    assert not np.allclose(two, two.transpose(0, 2, 1), atol=1e-3)


def test_contrast_keeps_the_mean_of_each_channel_and_is_cut():
    layer = L.RandomContrast(0.5, value_range=(-1e9, 1e9), seed=1, dtype="float64")
    found = changed(layer, IMAGES)
    mean = IMAGES.mean((1, 2), keepdims=True)
    assert np.allclose(found.mean((1, 2), keepdims=True), mean)
    factors = (found - mean) / (IMAGES - mean)
    assert np.allclose(factors, factors[:, :1, :1, :1]), "one factor for each image"
    assert ((factors >= 0.5) & (factors <= 1.5)).all()
    cut = changed(L.RandomContrast((0.0, 1.0), (50.0, 60.0)), IMAGES)
    assert cut.min() == 50.0
    assert cut.max() == 60.0


@pytest.mark.parametrize(("factor", "low", "high"), [
    (0.5, 0.5, 1.5), ((0.2, 0.6), 0.8, 1.6), ((0.6, 0.2), 0.4, 1.2), (0, 1.0, 1.0),
])  # fmt: skip
def test_contrast_is_drawn_from_the_whole_interval(factor, low, high):
    images = np.tile([[-1.0, 1.0]], (3000, 1, 1))
    layer = L.RandomContrast(factor, value_range=(-9.0, 9.0), seed=1, dtype="float64")
    factors = changed(layer, images)[:, 0, 1]
    assert low <= factors.min() <= low + 0.01 * (high - low) + 1e-12
    assert high - 0.01 * (high - low) - 1e-12 <= factors.max() <= high


# --- Keras's own pixels --------------------------------------------------------------------------

# What Keras 3.15 (on JAX) gave for this image with fill_value 5.
IMAGE = np.array([[10.0, 20, 30, 40], [50, 60, 70, 80], [90, 10, 20, 30]])
KERAS: list[tuple[str, tuple[float, ...], str, str, list[list[float]]]] = [
    ("RandomTranslation", (0.3, -0.6), "reflect", "bilinear",
     [[34, 40, 36, 26], [38, 44, 40, 30], [69, 75, 71, 61]]),
    ("RandomTranslation", (0.3, -0.6), "constant", "bilinear",
     [[7.9, 7.1, 5, 5], [38, 28.4, 5, 5], [69, 47, 5, 5]]),
    ("RandomTranslation", (0.3, -0.6), "wrap", "bilinear",
     [[25, 51.4, 53.6, 15], [38, 32, 18, 28], [69, 66.6, 54.4, 59]]),
    ("RandomTranslation", (0.3, -0.6), "nearest", "nearest",
     [[30, 40, 40, 40], [30, 40, 40, 40], [70, 80, 80, 80]]),
    ("RandomRotation", (0.1,), "reflect", "bilinear",
     [[18.74, 26.83, 54.32, 76.37], [17.6, 49.2, 54.35, 33.05], [47.09, 52.14, 13.17, 21.26]]),
    ("RandomRotation", (0.1,), "constant", "bilinear",
     [[9.25, 24.59, 54.32, 54.86], [17.6, 49.2, 54.35, 33.05], [34.41, 52.14, 12.33, 10.03]]),
    ("RandomRotation", (-0.3,), "wrap", "bilinear",
     [[17.48, 38.75, 47.28, 19.36], [23.9, 42.77, 44.43, 16.1], [30.32, 67.73, 41.58, 22.52]]),
    ("RandomRotation", (-0.3,), "constant", "nearest",
     [[5, 10, 50, 10], [20, 70, 60, 20], [30, 80, 30, 5]]),
    ("RandomZoom", (0.4, -0.3), "constant", "bilinear",
     [[10.7, 14.9, 19.1, 23.3], [54.5, 61.5, 68.5, 75.5], [34.4, 8.9, 13.1, 17.3]]),
    ("RandomZoom", (0.4, -0.3), "reflect", "bilinear",
     [[14.5, 21.5, 28.5, 35.5], [54.5, 61.5, 68.5, 75.5], [54, 11.5, 18.5, 25.5]]),
    ("RandomZoom", (0.7,), "wrap", "bilinear",
     [[32.5, 31.55, 26.5, 63.35], [79.5, 56.5, 73.5, 50.5], [36.5, 22.95, 30.5, 33.15]]),
    ("RandomZoom", (0.7,), "nearest", "bilinear",
     [[10, 16.5, 33.5, 40], [50, 56.5, 73.5, 80], [90, 38, 23.5, 30]]),
    ("RandomTranslation", (-1.0, 0.9), "reflect", "bilinear",
     [[26, 16, 42, 90], [76, 66, 56, 50], [36, 26, 16, 10]]),
    ("RandomTranslation", (-1.0, 0.9), "wrap", "nearest",
     [[10, 20, 30, 40], [50, 60, 70, 80], [90, 10, 20, 30]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "factors", "fill_mode", "interpolation", "pixels"), KERAS)
@pytest.mark.parametrize("channels", [False, True], ids=["grey", "channels"])
def test_pixels_are_those_of_keras(name, factors, fill_mode, interpolation, pixels, channels):
    layer = getattr(L, name)(
        *[(f, f) for f in factors],
        fill_mode=fill_mode,
        interpolation=interpolation,
        fill_value=5.0,
    )
    found = changed(layer, IMAGE[None, ..., None] if channels else IMAGE[None])
    assert np.allclose(found.reshape(3, 4), pixels, atol=0.0051)


# --- drawing -------------------------------------------------------------------------------------

MOVING = [
    lambda **kw: L.RandomTranslation(0.3, 0.3, **kw),
    lambda **kw: L.RandomRotation(0.2, **kw),
    lambda **kw: L.RandomZoom(0.5, **kw),
]
ALL = [*MOVING, L.RandomFlip, lambda **kw: L.RandomContrast(0.5, **kw)]


@pytest.mark.parametrize("make", ALL)
def test_every_image_draws_for_itself(make):
    found = changed(make(seed=1), np.repeat(IMAGES[:1], 8, axis=0))
    assert len({image.tobytes() for image in found}) > 1


@pytest.mark.parametrize("make", ALL)
def test_channels_of_an_image_move_together(make):
    grey = np.repeat(IMAGES[..., :1], 3, axis=-1)
    found = changed(make(seed=1), grey)
    assert np.allclose(found, found[..., :1])
    assert np.allclose(changed(make(seed=1), IMAGES[..., 0]), found[..., 0], atol=1e-4)


@pytest.mark.parametrize(
    ("factor", "low", "high"),
    [(0.4, -16, 16), (-0.4, -16, 16), ((0.2, 0.4), 8, 16), ((0.4, -0.2), -8, 16)],
)
def test_shifts_are_drawn_from_the_whole_interval(factor, low, high):
    ramp = np.tile(np.arange(40.0), (2000, 1, 1))
    layer = L.RandomTranslation(0.0, factor, "nearest", seed=1, dtype="float64")
    shifts = 20.0 - changed(layer, ramp)[:, 0, 20]
    slack = 0.01 * (high - low)
    assert low <= shifts.min() <= low + slack
    assert high - slack <= shifts.max() <= high
    assert shifts.mean() == pytest.approx((low + high) / 2, abs=(high - low) / 30)


@pytest.mark.parametrize("make", MOVING)
@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_slopes_are_the_adjoint(make, fill_mode):
    """Moving is linear: ⟨A x, g⟩ = ⟨x, Aᵀ g⟩, for the constant that is filled in taken out."""
    x = leaf(IMAGES, "x")
    y = make(fill_mode=fill_mode, seed=1, dtype="float64")(x, training=True)
    g = RANDOM.standard_normal(y.shape)
    (pulled,) = gradient(ops.sum(y * g), [x])
    assert np.sum(pulled * IMAGES) == pytest.approx(np.sum(y.value * g), rel=1e-10)


def test_images_of_no_pixel_pass():
    assert changed(L.RandomRotation(0.5), np.ones((2, 0, 5))).shape == (2, 0, 5)
