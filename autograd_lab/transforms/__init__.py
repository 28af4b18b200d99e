"""Transformations of functions: gradients, Jacobians, products with them, and their check."""
