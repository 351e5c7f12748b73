"""safetensors: the one format models leave in; its header is read strictly, its bytes must tile the file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import names
from egress_review.screening.carriers import arrays
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import TENSORS
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array, Part, Text
from egress_review.screening.verdict import Finding, Unscreenable, flag, note, refuse

HEADER_BYTES = 10 * 1024 * 1024
# How each type is stored; brain floats and 8-bit floats are unknown to numpy and read as whole numbers.
TYPES: dict[str, str] = {
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "F8_E4M3": "u1", "F8_E5M2": "u1"},
    **{"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2"},
    **{"U8": "u1", "BOOL": "u1", "C64": "<c8"},
}
AGAIN = "Save the weights again with the safetensors library."


@dataclass(frozen=True)
class Tensor:
    """One tensor of a file: its name, stored type, shape, and its numbers as stored."""

    name: str
    stored: str
    shape: tuple[int, ...]
    values: NDArray[np.generic]


def open(data: bytes, limits: Limits) -> Opened:
    """Return the tensors of a model; raises Unscreenable for gaps, overlaps, and headers that say more."""
    if len(data) > limits.array_bytes:
        raise refuse(
            "size",
            f"The model has {len(data):,} bytes; at most {limits.array_bytes:,} are looked through.",
            "Hand in a smaller model; public weights are recognised by their checksum.",
        )
    header, body = _header(data)
    findings: list[Finding] = [
        flag(
            "model",
            "Weights can hold the data they were trained on; a human has to see what this model learnt.",
            "Say in the description what it was trained on, and why it may leave.",
        )
    ]
    metadata = header.pop("__metadata__", None)
    if metadata:
        findings.append(note("model_metadata", f"{len(metadata)} notes on the model were left out."))
    found = _tensors(header, body, limits)
    parts: list[Part] = [Text("\n".join(tensor.name for tensor in found), "names of tensors")]
    parts += [Array(_readable(tensor), tensor.name, tensor.name) for tensor in found]
    findings += names.check_together({tensor.name: tensor.name for tensor in found})
    canonical, changed = _written(found)
    return Opened(tuple(parts), canonical, TENSORS, (*findings, *arrays.changes(changed)))


def _broken(why: str) -> Unscreenable:
    return refuse("tensors", f"The model can't be read: {why}.", AGAIN)


def _header(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(data[:8], "little")
    if length > min(HEADER_BYTES, len(data) - 8):
        raise _broken("its header is too long")
    try:
        header = json.loads(data[8 : 8 + length].decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _broken("its header is damaged") from error
    if not isinstance(header, dict) or data[8:9] != b"{":
        raise _broken("its header is damaged")
    return header, data[8 + length :]


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _tensors(header: dict[str, Any], body: bytes, limits: Limits) -> list[Tensor]:
    if len(header) > limits.arrays:
        raise _broken(f"it has over {limits.arrays} tensors")
    placed: list[tuple[int, int, Tensor]] = []
    for name, entry in header.items():
        try:
            stored, shape, (begins, ends) = entry["dtype"], entry["shape"], entry["data_offsets"]
            dtype = np.dtype(TYPES[stored])
            sides = tuple(shape)
            if set(entry) != {"dtype", "shape", "data_offsets"}:
                raise _broken("its header says more than it needs")
            if not all(type(number) is int and 0 <= number < 2**48 for number in (*sides, begins, ends)):
                raise _broken("its header is damaged")
            if ends - begins != math.prod(sides) * dtype.itemsize or ends > len(body):
                raise _broken("a tensor is longer or shorter than its shape")
            values = np.frombuffer(body, dtype, math.prod(sides), begins).reshape(sides)
        except (KeyError, TypeError, ValueError) as error:
            raise _broken("its header is damaged") from error
        placed.append((begins, ends, Tensor(name, stored, sides, values)))
    _tiled([(begins, ends) for begins, ends, _ in placed], len(body))
    return sorted((tensor for _, _, tensor in placed), key=lambda tensor: tensor.name)


def _tiled(spans: list[tuple[int, int]], length: int) -> None:
    at = 0
    for begins, ends in sorted(spans):
        if begins != at:
            raise refuse("polyglot", "Tensors overlap, or bytes stand between them.", AGAIN)
        at = ends
    if at != length:
        raise refuse("polyglot", "Bytes stand behind the last tensor.", AGAIN)


def _readable(tensor: Tensor) -> NDArray[np.generic]:
    """Return a tensor's numbers as numpy knows them; a brain float is the upper half of a float."""
    if tensor.stored == "BF16":
        return (tensor.values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return tensor.values


def _written(tensors: list[Tensor]) -> tuple[bytes, int]:
    header: dict[str, Any] = {}
    body: list[bytes] = []
    at = changed = 0
    taken: set[str] = set()
    for tensor in tensors:
        values = tensor.values
        if tensor.stored in ("F64", "F32", "F16", "C64"):
            values, more = arrays.cleaned(values)
            changed += more
        raw = np.ascontiguousarray(values).tobytes()
        name = arrays.name_of(tensor.name, taken)
        header[name] = {
            "dtype": tensor.stored,
            "shape": list(tensor.shape),
            "data_offsets": [at, at + len(raw)],
        }
        body.append(raw)
        at += len(raw)
    head = json.dumps(header, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + b"".join(body), changed
