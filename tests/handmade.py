"""A small net written by hand in NumPy, in double precision: the truth that trainings must equal.

x -> tanh(x W1 + b1) W2 + b2 -> softmax, cross-entropy with labels; or without softmax the mean
squared error.  Slopes are written out, layer by layer; no part of autograd_lab is used.
"""

from __future__ import annotations

import numpy as np


class Net:
    """Weights [W1, b1, W2, b2], and plain or heavy-ball gradient descent."""

    def __init__(self, weights, *, softmax=True, l2=0.0, rate=0.1, momentum=0.0):
        self.weights = [np.array(w, dtype=float) for w in weights]
        self.speed = [np.zeros_like(w) for w in self.weights]
        self.softmax, self.l2, self.rate, self.momentum = softmax, l2, rate, momentum

    def hidden(self, x):
        return np.tanh(x @ self.weights[0] + self.weights[1])

    def predict(self, x):
        z = self.hidden(x) @ self.weights[2] + self.weights[3]
        if not self.softmax:
            return z
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def losses(self, x, y):
        """One number for each example."""
        p = self.predict(x)
        if self.softmax:
            return -np.log(p[np.arange(len(y)), y])
        return np.mean((p - y) ** 2, axis=1)

    def penalty(self):
        return self.l2 * np.sum(self.weights[0] ** 2)

    def loss(self, x, y, weight=None):
        """Σ w l / N, and the penalty."""
        weight = np.ones(len(x)) if weight is None else weight
        return np.sum(weight * self.losses(x, y)) / len(x) + self.penalty()

    def slopes(self, x, y, weight=None):
        weight = np.ones(len(x)) if weight is None else weight
        h, p = self.hidden(x), self.predict(x)
        g = p - np.eye(p.shape[1])[y] if self.softmax else 2 * (p - y) / p.shape[1]
        g = g * weight[:, None] / len(x)
        back = (g @ self.weights[2].T) * (1 - h**2)
        w1 = x.T @ back + 2 * self.l2 * self.weights[0]
        return [w1, back.sum(axis=0), h.T @ g, g.sum(axis=0)]

    def step(self, x, y, weight=None):
        for i, g in enumerate(self.slopes(x, y, weight)):
            self.speed[i] = self.momentum * self.speed[i] - self.rate * g
            self.weights[i] = self.weights[i] + self.speed[i]

    def epoch(self, x, y, size, weight=None):
        """One pass in order: the mean over examples of losses before each step, and of hits."""
        total = hits = 0.0
        for i in range(0, len(x), size):
            here = slice(i, i + size)
            w = None if weight is None else weight[here]
            total += self.loss(x[here], y[here], w) * len(x[here])
            if self.softmax:
                hits += np.sum(self.predict(x[here]).argmax(axis=1) == y[here])
            self.step(x[here], y[here], w)
        return total / len(x), hits / len(x)
