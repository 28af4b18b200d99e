"""Experiments: one training described by settings, run, repeated over seeds, and compared.

Nothing is imported here: the settings alone, which commands need for their help, cost nothing.
"""
