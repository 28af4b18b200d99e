"""The nodes of a document as a table: ids, operations and inputs that fit together, no circles."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping
from typing import Any

from autograd_lab.graph import OPS, Op
from autograd_lab.language.attributes import MAX_INPUTS
from autograd_lab.language.names import INHERITED
from autograd_lab.language.refusal import refusal, shown

MAX_NODES = 2_500
MAX_DEPTH = 2_000
REWRITE = "Write a graph with --format json and change that."
Entry = dict[str, Any]
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]|_(?!_)){0,63}")


def is_id(key: Any) -> bool:
    return isinstance(key, str) and _ID.fullmatch(key) is not None and key not in INHERITED


def node_table(listed: Any) -> dict[str, Entry]:
    """The nodes by id, each with an id, an operation and inputs of the right kind."""
    if not isinstance(listed, list) or not listed:
        raise refusal("nodes is no list of nodes", remedy=REWRITE)
    if len(listed) > MAX_NODES:
        raise refusal(
            f"the graph has {len(listed):,} nodes; at most {MAX_NODES:,} are read",
            remedy="Give a smaller graph.",
        )
    found: dict[str, Entry] = {}
    for place, entry in enumerate(listed):
        if not isinstance(entry, dict):
            raise refusal(f"node number {place} is no object", remedy=REWRITE)
        key: Any = entry.get("id")
        if not is_id(key):
            raise refusal(
                f"node number {place} has the id {shown(key)}",
                remedy="An id is a word of at most 64 letters, digits and signs . : _ -",
            )
        if key in found:
            raise refusal(f"two nodes have the id '{key}'", remedy="Give each its own.")
        op: Any = entry.get("op")
        inputs = entry.get("inputs", [])
        if op is not None and (not isinstance(op, str) or op not in OPS):
            raise refusal(f"node '{key}' has the unknown operation {shown(op)}", remedy=REWRITE)
        if not isinstance(inputs, list) or not all(isinstance(x, str) for x in inputs):
            raise refusal(f"inputs of node '{key}' is no list of ids", remedy=REWRITE)
        _check_arity(key, OPS[op] if op else None, len(inputs))
        found[key] = entry
    return found


def _check_arity(key: str, op: Op | None, given: int) -> None:
    least = most = (op.arity if op else 0) or 0
    if op and op.arity is None:
        least, most = 1, MAX_INPUTS
    if not least <= given <= most:
        what = f"operation '{op.name}'" if op else "no operation"
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise refusal(f"node '{key}' with {what} has {given} inputs, not {wanted}", remedy=REWRITE)


def in_order(entries: Mapping[str, Entry]) -> Iterator[str]:
    """Ids with inputs before their users, in the order of the file where that leaves a choice."""
    users: dict[str, list[str]] = {key: [] for key in entries}
    waiting: dict[str, int] = {}
    for key, entry in entries.items():
        inputs = entry.get("inputs", [])
        waiting[key] = len(inputs)
        for x in inputs:
            if x not in entries:
                raise refusal(
                    f"node '{key}' has the input {shown(x)}, which is no node", remedy=REWRITE
                )
            users[x].append(key)
    order = list(entries)
    place = {key: i for i, key in enumerate(order)}
    ready = [i for i, key in enumerate(order) if not waiting[key]]
    depth = {order[i]: 0 for i in ready}
    done = 0
    while ready:
        key = order[heapq.heappop(ready)]
        done += 1
        if depth[key] > MAX_DEPTH:
            raise refusal(
                f"more than {MAX_DEPTH:,} operations in a row, at node '{key}'",
                remedy="Give a smaller graph.",
            )
        yield key
        for user in users[key]:
            depth[user] = max(depth.get(user, 0), depth[key] + 1)
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, place[user])
    if done < len(entries):
        stuck = next(key for key in entries if waiting[key])
        raise refusal(
            f"node '{stuck}' depends on itself, or on nodes in a circle",
            remedy="A graph has no circles: take one input away.",
        )
