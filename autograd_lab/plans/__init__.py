"""From a recorded step to straight-line code: buffers made once, every value calculated in place.

``interpreters.replay`` says what a step means; a plan must give the same numbers, faster.
"""
