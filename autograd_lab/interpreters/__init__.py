"""Readers of the graph, one module each; none imports another, they exchange nodes and dicts."""
