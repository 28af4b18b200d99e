"""Copy the node tests of the onnx package that concern training: ``python onnx_vectors.py``.

Their expected outputs come from formulas written for ONNX, by people who did not look at Keras.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).parent / "data" / "onnx.json"
# Left out: operators expanded into others, and inputs of more than three axes for the loss.
WANTED = re.compile(
    r"test_(?!\w*(expanded|4d))"
    r"((adagrad|adam|momentum)(_multiple)?|nesterov_momentum|batchnorm_\w+|sce_(none|sum|mean)\w*)$"
)


def shortest(values: Any) -> Any:
    """Lists of numbers, float32 in the fewest digits that mean it."""
    values = np.asarray(values)
    if values.ndim:
        return [shortest(v) for v in values]
    return float(str(values)) if values.dtype.kind == "f" else int(values)


def tensors(names: list[str], values: list[Any]) -> dict[str, Any]:
    return {name: shortest(v) for name, v in zip(names, values, strict=True)}


def main() -> None:
    import onnx
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other node tests overflow on purpose
        cases = [case for case in load_model_tests(kind="node") if WANTED.match(case.name)]
    table = {}
    for case in cases:
        (node,) = case.model.graph.node
        ((given, wanted),) = case.data_sets
        read = onnx.helper.get_attribute_value
        attributes = {a.name: read(a) for a in node.attribute}
        table[case.name.removeprefix("test_")] = {
            "op": node.op_type,
            "attributes": {
                name: value.decode() if isinstance(value, bytes) else value
                for name, value in attributes.items()
            },
            "inputs": tensors(list(node.input), given),
            "outputs": tensors(list(node.output), wanted),
        }
    source = f"node tests of onnx {onnx.__version__} (onnx.backend.test), Apache-2.0"
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in table.items()]
    body = ",\n".join(lines)
    PATH.write_text(f'{{"source": {json.dumps(source)}, "cases": {{\n{body}\n}}}}\n')
    print(f"{PATH.name}: {len(table)} cases, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
