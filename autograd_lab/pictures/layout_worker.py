"""Child process: a JSON list of DOT sources on stdin, a JSON list of plain layouts on stdout.

Graphviz holds the interpreter lock while it works, so only another process can be stopped. Run by
its path, it needs nothing of this package and imports only pygraphviz.
"""

import json
import sys


def main() -> None:
    """Lay out every graph with Graphviz's dot, through pygraphviz."""
    import pygraphviz

    sources = json.load(sys.stdin)
    graphs = [pygraphviz.AGraph(string=source) for source in sources]
    json.dump([graph.draw(format="plain", prog="dot").decode() for graph in graphs], sys.stdout)


if __name__ == "__main__":
    main()
