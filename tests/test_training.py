"""``fit`` and its like mean what Keras means by them, against a net written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import Net

import autograd_lab as keras
from autograd_lab import layers, optimizers, utils
from autograd_lab.errors import ShapeError, UsageError

RANDOM = np.random.default_rng(1)
X = RANDOM.normal(size=(20, 3))
LABELS = RANDOM.integers(0, 4, 20)
LABELS[:4] = [0, 1, 2, 3]
TARGETS = RANDOM.normal(size=(20, 2))
WEIGHT = RANDOM.uniform(0.0, 2.0, 20)


@pytest.fixture(autouse=True)
def _double_precision():
    keras.config.set_floatx("float64")
    utils.set_random_seed(5)
    yield
    keras.config.set_floatx("float32")


def classifier(l2=0.0, rate=0.3, momentum=0.0, **compiling):
    model = keras.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(5, "tanh", kernel_regularizer=keras.regularizers.L2(l2) if l2 else None),
            layers.Dense(4, "softmax"),
        ]
    )
    model.compile(
        optimizers.SGD(rate, momentum=momentum),
        "sparse_categorical_crossentropy",
        **{"metrics": ["accuracy"], **compiling},
    )
    return model


def regressor(rate=0.3):
    model = keras.Sequential([layers.Input((3,)), layers.Dense(5, "tanh"), layers.Dense(2)])
    model.compile(optimizers.SGD(rate), "mse")
    return model


def by_hand(model, **settings):
    return Net(model.get_weights(), **{"rate": 0.3, **settings})


def assert_equal_weights(model, net, tolerance=1e-13):
    for found, wanted in zip(model.get_weights(), net.weights, strict=True):
        assert np.allclose(found, wanted, rtol=0, atol=tolerance)


def bits(model):
    return b"".join(w.tobytes() for w in model.get_weights())


# --- the course of a training ---------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 6, 20, 64], ids=lambda n: f"batches of {n}")
@pytest.mark.parametrize(
    "settings", [{}, {"l2": 0.05}, {"momentum": 0.9, "l2": 0.01, "rate": 0.05}]
)
def test_a_training_equals_one_by_hand(size, settings):
    """The epoch's loss: before each step, weighted by batch sizes, with penalties."""
    model = classifier(**settings)
    net = by_hand(model, **settings)
    found = model.fit(X, LABELS, batch_size=size, epochs=3, shuffle=False, verbose=0).history
    wanted = [net.epoch(X, LABELS, size) for _ in range(3)]
    assert np.allclose(found["loss"], [loss for loss, _ in wanted], rtol=1e-12)
    assert np.allclose(found["accuracy"], [hits for _, hits in wanted], rtol=0, atol=1e-15)
    assert_equal_weights(model, net)


def test_the_batch_size_is_32():
    model, same = regressor(), regressor()
    x, y = np.tile(X, (4, 1)), np.tile(TARGETS, (4, 1))
    same.set_weights(model.get_weights())
    model.fit(x, y, shuffle=False, verbose=0)
    same.fit(x, y, batch_size=32, shuffle=False, verbose=0)
    assert bits(model) == bits(same)
    assert float(model.optimizer.iterations) == 3


def test_sample_weights_divide_by_the_number_of_examples():
    model = classifier()
    net = by_hand(model)
    found = model.fit(
        X, LABELS, batch_size=6, epochs=2, shuffle=False, sample_weight=WEIGHT, verbose=0
    )
    wanted = [net.epoch(X, LABELS, 6, WEIGHT) for _ in range(2)]
    assert np.allclose(found.history["loss"], [loss for loss, _ in wanted], rtol=1e-12)
    assert np.allclose(found.history["accuracy"], [hits for _, hits in wanted])  # not weighted
    assert_equal_weights(model, net)


@pytest.mark.parametrize("one_hot", [False, True])
def test_class_weights_are_weights_of_examples(one_hot):
    model = classifier(metrics=None)
    if one_hot:
        model.compile(optimizers.SGD(0.3), "categorical_crossentropy")
    net = by_hand(model)
    y = np.eye(4)[LABELS] if one_hot else LABELS
    given = {0: 2.0, 3: 0.25, 9: 7.0}
    weight = np.array([{0: 2.0, 3: 0.25}.get(int(label), 1.0) for label in LABELS])
    model.fit(
        X, y, batch_size=6, shuffle=False, class_weight=given, sample_weight=WEIGHT, verbose=0
    )
    net.epoch(X, LABELS, 6, weight * WEIGHT)
    assert_equal_weights(model, net)


def test_weighted_metrics_are_weighted_and_metrics_are_not():
    model = classifier(weighted_metrics=["accuracy"])
    logs = model.evaluate(
        X, LABELS, batch_size=6, sample_weight=WEIGHT, verbose=0, return_dict=True
    )
    hits = by_hand(model).predict(X).argmax(axis=1) == LABELS
    assert logs["accuracy"] == pytest.approx(hits.mean())
    assert logs["weighted_accuracy"] == pytest.approx(np.sum(hits * WEIGHT) / np.sum(WEIGHT))


def test_the_first_loss_is_taken_before_the_first_step():
    model = classifier(rate=50.0)
    before = model.evaluate(X, LABELS, verbose=0)[0]
    assert model.fit(X, LABELS, batch_size=20, verbose=0).history["loss"] == [
        pytest.approx(before, rel=1e-12)
    ]


def test_penalties_of_frozen_layers_do_not_count():
    model = classifier(l2=0.5)
    with_penalty = model.evaluate(X, LABELS, verbose=0)[0]
    model.layers[0].trainable = False
    net = by_hand(model)
    assert model.evaluate(X, LABELS, verbose=0)[0] == pytest.approx(net.loss(X, LABELS))
    net.l2 = 0.5
    assert with_penalty == pytest.approx(net.loss(X, LABELS))


def test_an_activity_penalty_is_a_mean_over_examples():
    model = keras.Sequential(
        [layers.Input((3,)), layers.Dense(5, "tanh", activity_regularizer="l1"), layers.Dense(2)]
    )
    model.compile("sgd", "mse")
    net = Net(model.get_weights(), softmax=False)
    penalty = 0.01 * np.abs(net.hidden(X)).sum() / len(X)
    wanted = net.loss(X, TARGETS) + penalty
    assert model.evaluate(X, TARGETS, batch_size=20, verbose=0) == pytest.approx(wanted)
    assert model.evaluate(X, TARGETS, batch_size=10, verbose=0) == pytest.approx(wanted)


# --- epochs, order and validation -----------------------------------------------------------------


def test_shuffling_is_a_permutation_of_all_examples_in_each_epoch():
    model, other = regressor(), regressor()
    other.set_weights(model.get_weights())
    orders = np.random.default_rng()
    orders.bit_generator.state = model.shuffler.generator.bit_generator.state
    model.fit(X, TARGETS, batch_size=6, epochs=2, verbose=0)
    for _ in range(2):
        order = orders.permutation(20)
        other.fit(X[order], TARGETS[order], batch_size=6, shuffle=False, verbose=0)
    assert bits(model) == bits(other)


def test_the_validation_split_is_the_end_before_shuffling():
    model, other = classifier(), classifier()
    other.set_weights(model.get_weights())
    other.shuffler.generator.bit_generator.state = model.shuffler.generator.bit_generator.state
    settings = {"batch_size": 4, "epochs": 3, "verbose": 0}
    found = model.fit(
        X, LABELS, sample_weight=WEIGHT, validation_split=0.3, class_weight={1: 3.0}, **settings
    )
    wanted = other.fit(
        X[:14], LABELS[:14], sample_weight=WEIGHT[:14], class_weight={1: 3.0},
        validation_data=(X[14:], LABELS[14:], WEIGHT[14:]), **settings,
    )  # fmt: skip
    assert found.history == wanted.history
    assert bits(model) == bits(other)
    net = by_hand(model)
    last = net.loss(X[14:], LABELS[14:], WEIGHT[14:])  # weights of classes are for training
    assert found.history["val_loss"][-1] == pytest.approx(last)


def test_validation_comes_after_the_epoch_and_as_often_as_asked():
    model = classifier()
    found = model.fit(
        X, LABELS, epochs=5, validation_data=(X, LABELS), validation_freq=2, verbose=0
    ).history
    assert [len(found[name]) for name in ("loss", "val_loss", "val_accuracy")] == [5, 2, 2]
    model.fit(X, LABELS, validation_data=(X[:7], LABELS[:7]), validation_steps=2,
              validation_batch_size=3, verbose=0)  # fmt: skip
    assert model.history.history["val_loss"] == [
        pytest.approx(by_hand(model).loss(X[:6], LABELS[:6]))
    ]


def test_initial_epoch():
    model = regressor()
    history = model.fit(X, TARGETS, epochs=7, initial_epoch=4, verbose=0)
    assert history.epoch == [4, 5, 6]
    assert float(model.optimizer.iterations) == 3
    assert model.fit(X, TARGETS, epochs=2, initial_epoch=2, verbose=0).history == {}


def test_a_callback_may_end_the_training_in_the_middle_of_an_epoch():
    model = regressor()

    def stop(batch, logs):
        model.stop_training = batch == 2

    callback = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    history = model.fit(X, TARGETS, batch_size=4, epochs=3, callbacks=[callback], verbose=0)
    assert float(model.optimizer.iterations) == 3
    assert history.epoch == [0]
    assert len(model.fit(X, TARGETS, epochs=2, verbose=0).epoch) == 2  # the next one is not stopped


# --- batches that are made elsewhere --------------------------------------------------------------


class Numbered:
    """Batches by number, as a ``keras.utils.Sequence`` gives them."""

    def __init__(self, size=6, upto=20):
        self.size, self.upto, self.seen, self.ended = size, upto, [], 0

    def __len__(self):
        return -(-self.upto // self.size)

    def __getitem__(self, i):
        assert 0 <= i < len(self)
        self.seen.append(i)
        here = slice(i * self.size, min((i + 1) * self.size, self.upto))
        return X[here], LABELS[here]

    def on_epoch_end(self):
        self.ended += 1


def endless(size=6):
    while True:
        yield from (Numbered(size)[i] for i in range(len(Numbered(size))))


class Again:
    """Batches that can be had again and again, but have no number."""

    def __iter__(self):
        return (Numbered()[i] for i in range(4))


@pytest.mark.parametrize(
    ("make", "steps"),
    [(Numbered, None), (endless, 4), (Again, None), (Again, 4), (Numbered, 4)],
)
def test_batches_made_elsewhere_train_as_arrays_do(make, steps):
    model, other = classifier(), classifier()
    other.set_weights(model.get_weights())
    found = model.fit(make(), epochs=3, steps_per_epoch=steps, shuffle=False, verbose=0)
    wanted = other.fit(X, LABELS, batch_size=6, epochs=3, shuffle=False, verbose=0)
    assert found.history == wanted.history
    assert bits(model) == bits(other)


@pytest.mark.parametrize("steps", [3, 5, 8])
@pytest.mark.parametrize("make", [Numbered, endless, Again, None])
def test_steps_per_epoch_go_on_where_the_epoch_before_stopped(make, steps):
    model = classifier()
    net = by_hand(model)
    data = (X, LABELS) if make is None else (make(),)
    more = {"batch_size": 6} if make is None else {}
    history = model.fit(
        *data, epochs=3, steps_per_epoch=steps, shuffle=False, verbose=0, **more
    ).history
    batches, losses = endless(), []
    for _ in range(3):
        seen = [next(batches) for _ in range(steps)]
        total = 0.0
        for x, y in seen:
            total += net.loss(x, y) * len(x)
            net.step(x, y)
        losses.append(total / sum(len(x) for x, _ in seen))
    assert np.allclose(history["loss"], losses, rtol=1e-12)
    assert_equal_weights(model, net)


def test_numbered_batches_are_shuffled_and_told_of_each_end():
    data = Numbered()
    classifier().fit(data, epochs=6, verbose=0)
    orders = [data.seen[1:][i : i + 4] for i in range(0, 24, 4)]  # the first was a look ahead
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert len({tuple(order) for order in orders}) > 2
    assert data.ended == 6


def test_a_shuffled_pass_is_finished_in_the_next_epoch():
    data = Numbered()
    classifier().fit(data, epochs=10, steps_per_epoch=2, verbose=0)
    passes = [data.seen[1:][i : i + 4] for i in range(0, 20, 4)]
    assert all(sorted(order) == [0, 1, 2, 3] for order in passes)
    assert data.ended == 10


def test_batches_may_bring_weights_and_classes_too():
    model, other = classifier(), classifier()
    other.set_weights(model.get_weights())
    parts = [(X[i : i + 6], LABELS[i : i + 6], WEIGHT[i : i + 6]) for i in range(0, 20, 6)]
    model.fit(iter(parts), class_weight={0: 3.0}, verbose=0)
    other.fit(X, LABELS, batch_size=6, sample_weight=WEIGHT, class_weight={0: 3.0}, shuffle=False,
              verbose=0)  # fmt: skip
    assert bits(model) == bits(other)


def test_a_generator_that_runs_out_is_told():
    model = classifier()
    parts = [Numbered()[i] for i in range(4)]
    with pytest.warns(UserWarning, match="gave only 1 of 3 batches for epoch 2"):
        history = model.fit(iter(parts), steps_per_epoch=3, epochs=2, verbose=0)
    assert len(history.epoch) == 2
    with pytest.raises(UsageError, match="no batch for epoch 2; a generator gives its"):
        model.fit(iter(parts), epochs=2, verbose=0)
    with pytest.raises(UsageError, match="the data gave no batch at all"):
        model.fit(iter([]), verbose=0)


@pytest.mark.parametrize("make", [Numbered, endless, Again])
def test_batches_to_evaluate_and_predict(make):
    model = classifier()
    wanted = model.evaluate(X, LABELS, verbose=0)
    assert np.allclose(model.evaluate(make(), steps=4, verbose=0), wanted, rtol=1e-12)
    first = model.predict(make(), steps=2, verbose=0)
    assert np.allclose(first, by_hand(model).predict(X[:12]), atol=1e-14)
    history = model.fit(X, LABELS, validation_data=make(), validation_steps=4, verbose=0).history
    assert history["val_loss"] == [pytest.approx(model.evaluate(X, LABELS, verbose=0)[0])]


def test_a_generator_gives_no_batch_too_many():
    batches = endless()
    model = classifier()
    model.evaluate(batches, steps=3, verbose=0)
    assert len(next(batches)[0]) == 2  # the fourth, short one is still there
    model.predict(batches, steps=1, verbose=0)
    model.fit(batches, steps_per_epoch=2, verbose=0)
    assert len(next(batches)[0]) == 2


# --- one batch, evaluation and prediction ---------------------------------------------------------


def test_train_on_batch_is_one_step():
    model = classifier()
    net = by_hand(model)
    loss = net.loss(X, LABELS, WEIGHT)
    hits = np.mean(net.predict(X).argmax(axis=1) == LABELS)
    assert model.train_on_batch(X, LABELS, WEIGHT) == [pytest.approx(loss), pytest.approx(hits)]
    net.step(X, LABELS, WEIGHT)
    assert_equal_weights(model, net)


def test_each_batch_has_results_of_its_own():
    model = classifier()
    net = by_hand(model)
    for here in (slice(5), slice(5, 20), slice(5)):
        logs = model.test_on_batch(X[here], LABELS[here], return_dict=True)
        assert logs["loss"] == pytest.approx(net.loss(X[here], LABELS[here]))
        hits = net.predict(X[here]).argmax(axis=1) == LABELS[here]
        assert logs["accuracy"] == pytest.approx(hits.mean())
        assert list(logs) == model.metrics_names == ["loss", "accuracy"]
    assert_equal_weights(model, net, 0)


@pytest.mark.parametrize("measure", ["evaluate", "test_on_batch"])
def test_callbacks_may_measure_without_a_trace(measure):
    plain, watched = classifier(), classifier()
    watched.set_weights(plain.get_weights())
    seen = []

    def look(batch, logs):
        seen.append(getattr(watched, measure)(X[:5], LABELS[:5], **quiet))

    quiet = {"verbose": 0} if measure == "evaluate" else {}
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=look)
    settings = {"batch_size": 6, "epochs": 2, "shuffle": False, "verbose": 0}
    wanted = plain.fit(X, LABELS, **settings).history
    assert watched.fit(X, LABELS, callbacks=[callback], **settings).history == wanted
    assert len({tuple(result) for result in seen}) == len(seen) == 8


@pytest.mark.parametrize("size", [1, 7, 20, 100])
def test_evaluation_and_prediction_do_not_depend_on_the_batches(size):
    model = classifier()
    before = bits(model)
    net = by_hand(model)
    loss, accuracy = model.evaluate(X, LABELS, batch_size=size, verbose=0)
    p = model.predict(X, batch_size=size, verbose=0)
    assert loss == pytest.approx(net.loss(X, LABELS))
    assert accuracy == pytest.approx(np.mean(net.predict(X).argmax(axis=1) == LABELS))
    assert np.allclose(p, net.predict(X), atol=1e-14)
    assert np.array_equal(model.predict_on_batch(X), model.predict(X, batch_size=20, verbose=0))
    assert bits(model) == before


def test_a_loss_alone_is_one_number():
    model = regressor()
    assert isinstance(model.evaluate(X, TARGETS, verbose=0), float)
    assert model.evaluate(X, TARGETS, verbose=0, return_dict=True).keys() == {"loss"}
    assert isinstance(model.train_on_batch(X, TARGETS), float)


def test_lists_of_numbers_are_arrays():
    model = regressor()
    p = model.predict(X.tolist(), verbose=0)
    assert np.array_equal(p, model.predict(X, verbose=0))
    assert model.evaluate(X.tolist(), TARGETS.tolist(), verbose=0) == model.evaluate(
        X, TARGETS, verbose=0
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float16, bool])
def test_data_of_any_numbers(dtype):
    x = (np.abs(X) * 3).astype(dtype)
    model = classifier()
    assert np.allclose(
        model.predict(x, verbose=0), by_hand(model).predict(x.astype(float)), atol=1e-12
    )
    model.fit(x, LABELS.astype(np.uint8), verbose=0)


def test_a_training_ends_with_the_average_of_the_weights():
    model = regressor()
    net = by_hand(model, softmax=False)
    model.compile(optimizers.SGD(0.3, use_ema=True, ema_momentum=0.75), "mse")
    mean = None
    for i in range(0, 20, 5):
        net.step(X[i : i + 5], TARGETS[i : i + 5])
        parts = zip(mean or net.weights, net.weights, strict=True)
        mean = [0.75 * old + 0.25 * new for old, new in parts]
    model.fit(X, TARGETS, batch_size=5, shuffle=False, verbose=0)
    net.weights = mean
    assert_equal_weights(model, net)


# --- what is printed ------------------------------------------------------------------------------


def test_verbose_modes(capsys):
    model = classifier()
    model.fit(X, LABELS, epochs=2, validation_split=0.2, verbose=0)
    assert capsys.readouterr().out == ""
    model.fit(X, LABELS, epochs=2, validation_split=0.2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line[:9] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]
    names = (" loss: ", " accuracy: ", " val_loss: ", " val_accuracy: ")
    assert all(name in line for name in names for line in lines)
    for verbose in (1, "auto"):
        model.fit(X, LABELS, verbose=verbose)
        assert "loss: " in capsys.readouterr().out
    model.evaluate(X, LABELS, verbose=0)
    model.predict(X, verbose=0)
    assert capsys.readouterr().out == ""


# --- the step as a graph --------------------------------------------------------------------------


def differences(model, y):
    """Central differences of the loss by every weight."""
    slopes = []
    weights = model.get_weights()
    for w in weights:
        slope = np.zeros_like(w)
        for place in np.ndindex(*w.shape):
            kept, ends = w[place], []
            for step in (1e-5, -1e-5):
                w[place] = kept + step
                model.set_weights(weights)
                ends.append(model.evaluate(X, y, verbose=0, return_dict=True)["loss"])
            w[place] = kept
            slope[place] = (ends[0] - ends[1]) / 2e-5
        model.set_weights(weights)
        slopes.append(slope)
    return slopes


def test_a_recorded_step_moves_against_the_slope():
    model = keras.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(4, "gelu", kernel_regularizer="l2", activity_regularizer="l2"),
            layers.LayerNormalization(),
            layers.PReLU("uniform"),
            layers.Dense(4, "softmax", bias_initializer="normal"),
        ]
    )
    model.compile(optimizers.SGD(1.0), keras.losses.SparseCategoricalCrossentropy())
    slopes = differences(model, LABELS)
    before = model.get_weights()
    model.train_on_batch(X, LABELS)
    for old, new, slope in zip(before, model.get_weights(), slopes, strict=True):
        assert np.allclose(old - new, slope, rtol=0, atol=1e-8)


def test_new_weights_reach_recorded_steps():
    """A step that was recorded keeps no number of the weights it was recorded with."""
    model, other = classifier(momentum=0.9), classifier(momentum=0.9)
    model.fit(X, LABELS, verbose=0)
    model.evaluate(X, LABELS, verbose=0)
    model.predict(X, verbose=0)
    model.set_weights(other.get_weights())
    for slot in model.optimizer.variables:
        slot.assign(np.zeros(slot.shape) if slot.name != "learning_rate" else slot.numpy())
    model.optimizer.learning_rate = other.optimizer.learning_rate = 0.05
    assert model.evaluate(X, LABELS, verbose=0) == other.evaluate(X, LABELS, verbose=0)
    for trained in (model, other):
        trained.fit(X, LABELS, epochs=2, batch_size=20, shuffle=False, verbose=0)
    assert bits(model) == bits(other)
    assert np.array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))


def test_running_node_by_node_gives_the_same():
    model, other = classifier(momentum=0.9, l2=0.1), classifier(momentum=0.9, l2=0.1)
    other.compile(
        optimizers.SGD(0.3, momentum=0.9), "sparse_categorical_crossentropy",
        metrics=["accuracy"], run_eagerly=True,
    )  # fmt: skip
    other.set_weights(model.get_weights())
    other.shuffler.generator.bit_generator.state = model.shuffler.generator.bit_generator.state
    found, wanted = (m.fit(X, LABELS, batch_size=6, epochs=3, verbose=0) for m in (model, other))
    assert np.allclose(found.history["loss"], wanted.history["loss"], rtol=1e-12)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        assert np.allclose(a, b, rtol=0, atol=1e-13)


def test_a_short_batch_is_a_second_step_and_sixteen_are_kept():
    model = regressor()
    model.fit(X, TARGETS, batch_size=6, verbose=0)
    assert [key[0] for key in model.steps] == ["train", "train"]
    model.fit(X, TARGETS, batch_size=6, epochs=4, verbose=0)
    assert len(model.steps) == 2
    for n in range(1, 21):
        model.test_on_batch(X[:n], TARGETS[:n])
    assert len(model.steps) == 16
    wanted = Net(model.get_weights(), softmax=False).loss(X[:2], TARGETS[:2])
    assert model.test_on_batch(X[:2], TARGETS[:2]) == pytest.approx(wanted)


# --- what is refused, before any weight changes ---------------------------------------------------

GAP, ENDLESS = X.copy(), X.copy()
GAP[3, 1], ENDLESS[2, 0] = np.nan, -np.inf


def fit(*data, **settings):
    return lambda model: model.fit(*data, **{"verbose": 0, **settings})


REFUSED = {
    "NaN": (fit(GAP, LABELS), UsageError, r"x holds nan in row 3, column 1 \(1 such"),
    "infinity": (fit(ENDLESS, LABELS), UsageError, "x holds -inf in row 2, column 0"),
    "NaN in validation": (fit(X, LABELS, validation_data=(GAP, LABELS)), UsageError, "row 3, col"),
    "NaN in a batch": (fit(iter([(GAP, LABELS)])), UsageError, "row 3, column 1"),
    "NaN to predict": (lambda m: m.predict(GAP, verbose=0), UsageError, "row 3, column 1"),
    "a weight of NaN": (fit(X, LABELS, sample_weight=GAP[:, 1]), UsageError, "sample_weight holds"),
    "a label too large": (fit(X, LABELS + 1), UsageError, "4 at row 3; there are 4 classes"),
    "a label below 0": (fit(X, LABELS - 1), UsageError, "-1 at row 0; there are 4 classes"),
    "half a label": (fit(X, LABELS + 0.5), UsageError, "0.5 at row 0; labels are whole numbers"),
    "a label to validate": (fit(X, LABELS, validation_data=(X, LABELS + 1)), UsageError, "4 class"),
    "a label in a batch": (fit(iter([(X, LABELS + 1)])), UsageError, "there are 4 classes"),
    "a label of one batch": (
        lambda m: m.train_on_batch(X, LABELS + 1), UsageError, "there are 4 classes"),
    "one-hot for labels": (fit(X, np.eye(4)[LABELS]), ShapeError, "use CategoricalCrossentropy"),
    "two columns for three": (fit(X[:, :2], LABELS), ShapeError,
        r"takes examples of shape \(3,\); an array of shape \(1, 2\)"),
    "two columns to predict": (lambda m: m.predict(X[:, :2], verbose=0), ShapeError, r"\(3,\)"),
    "a row of x too few": (fit(X[1:], LABELS), UsageError, "x holds 19, y holds 20"),
    "a weight too few": (fit(X, LABELS, sample_weight=WEIGHT[1:]), UsageError, "sample_weight ho"),
    "weights of two axes": (fit(X, LABELS, sample_weight=np.ones((20, 2))), ShapeError,
        r"sample_weight has shape \(20, 2\)"),
    "no x": (fit(), UsageError, "fit: there are no data: give x"),
    "no y": (fit(X), UsageError, "no targets for the output"),
    "nothing in x": (fit(X[:0], LABELS[:0]), UsageError, "x holds no examples"),
    "a number for x": (fit(3.0, LABELS), UsageError, "x is a single number"),
    "lists of unequal length": (fit([[1, 2, 3], [4]], [0, 1]), UsageError, "unequal length"),
    "text": (fit([["a", "b", "c"]], [0]), UsageError, "are no numbers"),
    "complex numbers": (fit(X + 1j, LABELS), UsageError, "complex128 values, which are no numbers"),
    "batch_size=0": (fit(X, LABELS, batch_size=0), UsageError, "batch_size=0: .* positive integer"),
    "batch_size=-3": (fit(X, LABELS, batch_size=-3), UsageError, "batch_size=-3"),
    "batch_size=2.5": (fit(X, LABELS, batch_size=2.5), UsageError, "batch_size=2.5"),
    "validation_batch_size=0": (
        fit(X, LABELS, validation_data=(X, LABELS), validation_batch_size=0), UsageError, "batch_"),
    "validation_split=1.5": (fit(X, LABELS, validation_split=1.5), UsageError, "=1.5: give a frac"),
    "validation_split=-0.1": (fit(X, LABELS, validation_split=-0.1), UsageError, "=-0.1: give a f"),
    "validation_split of all": (
        fit(X, LABELS, validation_split=0.999), UsageError, "leaves one side empty"),
    "a split of batches": (fit(endless(), steps_per_epoch=2, validation_split=0.5), UsageError,
        "validation_split needs arrays"),
    "x alone to validate": (fit(X, LABELS, validation_data=(X,)), UsageError, r"give \(x, y\)"),
    "epochs=-1": (fit(X, LABELS, epochs=-1), UsageError, "epochs=-1: give a whole number"),
    "epochs=1.5": (fit(X, LABELS, epochs=1.5), UsageError, "epochs=1.5"),
    "steps_per_epoch=0": (fit(X, LABELS, steps_per_epoch=0), UsageError, "steps_per_epoch=0"),
    "steps=0 to evaluate": (
        lambda m: m.evaluate(X, LABELS, steps=0, verbose=0), UsageError, "steps=0: give a whole"),
    "steps=-1 to predict": (lambda m: m.predict(X, steps=-1, verbose=0), UsageError, "steps=-1"),
    "validation_freq=0": (fit(X, LABELS, validation_freq=0), UsageError, "validation_freq=0"),
    "verbose=3": (fit(X, LABELS, verbose=3), UsageError, "verbose=3"),
    "class_weight of text": (fit(X, LABELS, class_weight={"a": 1}), UsageError, "class_weight="),
    "class_weight=[1, 2]": (fit(X, LABELS, class_weight=[1, 2]), UsageError, "give a dictionary"),
    "a class weight below 0": (fit(X, LABELS, class_weight={0: -1.0}), UsageError, "0 or more"),
    "no callback": (fit(X, LABELS, callbacks=[3]), UsageError, "3 is no callback"),
    "y beside batches": (fit(endless(), LABELS, steps_per_epoch=1), UsageError, "their own y"),
    "a tuple of four": (fit(iter([(X, LABELS, WEIGHT, 1)])), UsageError, "a tuple of 4"),
    "batches for one": (lambda m: m.train_on_batch(endless()), UsageError, "one batch as arrays"),
    "weights too few": (lambda m: m.set_weights(m.get_weights()[1:]), ShapeError, "3 arrays were"),
    "weights turned": (lambda m: m.set_weights([w.T for w in m.get_weights()]), ShapeError,
        r"kernel has shape \(3, 5\), but the array for it \(5, 3\)"),
}  # fmt: skip


@pytest.mark.parametrize(("act", "kind", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_before_any_weight_changes(act, kind, words):
    model = classifier(momentum=0.9)
    model.fit(X, LABELS, verbose=0)
    before, slots = bits(model), [v.numpy() for v in model.optimizer.variables]
    with pytest.raises(kind, match=words):
        act(model)
    assert bits(model) == before
    assert all(
        np.array_equal(v.numpy(), w) for v, w in zip(model.optimizer.variables, slots, strict=True)
    )
    model.fit(X, LABELS, verbose=0)  # and it can go on


COMPILED = {
    "an unknown loss": ({"loss": "msee"}, "did you mean mse"),
    "an unknown optimizer": ({"optimizer": "adamm"}, "did you mean adam"),
    "an unknown metric": ({"metrics": ["acuracy"]}, "did you mean accuracy"),
    "a metric of another form": ({"metrics": ["categorical_accuracy"]}, "use the sparse metric"),
    "a loss of another form": ({"loss": "mse"}, "after the first axis both must be the same"),
    "hinge for labels": ({"loss": "hinge"}, "hinge"),
    "no loss": ({"loss": None}, "compiled without a loss"),
    "two losses": ({"loss": ["mse", "mse"]}, "2 were given for a model of one output"),
    "a loss for another": ({"loss": {"outputt": "mse"}}, "no output 'outputt'"),
}


@pytest.mark.parametrize(("arguments", "words"), COMPILED.values(), ids=COMPILED)
def test_what_was_compiled_is_refused_before_any_weight_changes(arguments, words):
    model = classifier()
    before = bits(model)
    settings = {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **arguments}
    with pytest.raises(ValueError, match=words):
        model.compile(**settings) or model.fit(X, LABELS, verbose=0)
    assert bits(model) == before


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_compile_comes_first(method):
    model = keras.Sequential([layers.Input((3,)), layers.Dense(1)])
    with pytest.raises(UsageError, match=rf"{method}: the model was not compiled; call compile\("):
        getattr(model, method)(X, LABELS)
    assert model.predict(X, verbose=0).shape == (20, 1)


# --- the arrays that a training works in are nobody else's ----------------------------------------


def test_predictions_belong_to_whoever_asked():
    model = classifier()
    for act in (
        lambda x: model.predict(x, verbose=0),
        lambda x: model.predict(x, batch_size=20, verbose=0),
        model.predict_on_batch,
        lambda x: model(x).value,
    ):
        first = act(X)
        kept = first.copy()
        act(-X)
        model.fit(X, LABELS, verbose=0)
        assert np.array_equal(first, kept)


def test_metrics_may_keep_what_they_are_shown():
    class Keep(keras.metrics.Metric):
        def update_state(self, y_true, y_pred, sample_weight=None):
            kept.append((y_true, y_pred))

        def result(self):
            return float(len(kept))

    kept: list = []
    model = classifier(metrics=[Keep()])
    logs = model.evaluate(X, LABELS, batch_size=6, verbose=0, return_dict=True)
    assert logs["keep"] == 4.0
    p = np.concatenate([p for _, p in kept])
    assert np.allclose(p, by_hand(model).predict(X), atol=1e-14)
    assert np.array_equal(np.concatenate([y for y, _ in kept]), LABELS)


@pytest.mark.parametrize("eagerly", [False, True])
def test_two_models_may_share_a_layer(eagerly):
    """Each trains it in turn, and it is frozen, thawed and given values in between."""
    shared = layers.Dense(4, "tanh")
    a, b = layers.Input((3,)), layers.Input((3,))
    one = keras.Model(a, layers.Dense(2)(shared(a)))
    two = keras.Model(b, layers.Dense(2)(shared(b)))
    nets = []
    for model in (one, two):
        model.compile(optimizers.SGD(0.1, momentum=0.5), "mse", run_eagerly=eagerly)
        nets.append(Net(model.get_weights(), softmax=False, momentum=0.5))
    first, second = nets
    for i in range(12):
        for model, net, x, y in ((one, first, X, TARGETS), (two, second, X[:7], -TARGETS[:7])):
            net.weights[:2] = [w.copy() for w in shared.get_weights()]
            frozen = [w.copy() for w in (*net.weights[:2], *net.speed[:2])]
            net.step(x, y)
            if not shared.trainable:
                net.weights[:2], net.speed[:2] = frozen[:2], frozen[2:]
            model.train_on_batch(x, y)
            assert_equal_weights(model, net)
        if i in (3, 6):
            shared.trainable = i == 6
        if i == 8:
            shared.set_weights([w / 2 for w in shared.get_weights()])
        if i == 9:
            shared.kernel.assign(np.ones((3, 4)))


def test_a_training_that_diverges_is_not_interrupted():
    """Infinities and what is no number are results: they are shown, and nothing is raised."""
    settings = {"validation_split": 0.2, "epochs": 4, "verbose": 0}
    history = regressor(rate=1e300).fit(X, TARGETS, **settings).history
    assert np.isfinite(history["loss"][0])
    assert np.isnan(history["loss"][-1])
    assert np.isnan(history["val_loss"][-1])
    ends = keras.callbacks.TerminateOnNaN()
    assert len(regressor(rate=1e300).fit(X, TARGETS, callbacks=ends, **settings).epoch) < 4


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.9, "l2": 0.01, "rate": 0.05}])
def test_single_precision_follows(settings):
    keras.config.set_floatx("float32")
    model = classifier(**settings)
    net = by_hand(model, **settings)
    found = model.fit(X, LABELS, batch_size=6, epochs=3, shuffle=False, verbose=0).history
    wanted = [net.epoch(X, LABELS, 6) for _ in range(3)]
    assert np.allclose(found["loss"], [loss for loss, _ in wanted], rtol=2e-5)
    assert_equal_weights(model, net, 2e-5)
