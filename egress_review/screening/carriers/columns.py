"""Parquet and Arrow: their columns as a table and as arrays; they leave as Parquet without any metadata."""

from __future__ import annotations

import datetime
import decimal
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from egress_review.screening import numbers, tables, text
from egress_review.screening.carriers import signatures
from egress_review.screening.carriers.columns_text import words_of
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import COLUMNS
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array, Packed, Part, Text
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, Unscreenable, block, note, refuse

AGAIN = "Save the table again with pandas, or as CSV."
# Arrow's own pools reserve more address space than a process here may have.
pa.set_memory_pool(pa.system_memory_pool())
BATCH_ROWS = 4096
ERRORS = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError)


def open(data: bytes, limits: Limits) -> Opened:
    """Return a file's columns; raises Unscreenable for broken files and for too many cells."""
    try:
        table = _read(data, limits).combine_chunks()
        table.validate(full=True)
        metadata = _metadata(table)
        while any(pa.types.is_struct(field.type) for field in table.schema):
            table = table.flatten()
        columns = [
            (name, column.to_pylist()) for name, column in zip(table.column_names, table.columns, strict=True)
        ]
        parts = tuple(_parts(columns, limits))
        return Opened(parts, _written(columns), COLUMNS, (*metadata, *_bytes_of(columns)))
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise _broken(f"it is damaged ({type(error).__name__})") from error


def _broken(why: str) -> Unscreenable:
    return refuse("columns", f"The table can't be read: {why}.", AGAIN)


def _read(data: bytes, limits: Limits) -> pa.Table:
    source = pa.BufferReader(data)
    if signatures.content(data) == "arrow":
        opened = pa.ipc.open_file(source)
        return _bounded(opened.schema, map(opened.get_batch, range(opened.num_record_batches)), limits)
    file = parquet.ParquetFile(source)
    return _bounded(file.schema_arrow, file.iter_batches(BATCH_ROWS, use_threads=False), limits)


def _bounded(schema: pa.Schema, batches: Iterator[pa.RecordBatch], limits: Limits) -> pa.Table:
    kept: list[pa.RecordBatch] = []
    cells = size = 0
    for batch in batches:
        cells += batch.num_rows * max(batch.num_columns, 1)
        size += batch.nbytes
        if cells > limits.table_cells or batch.num_columns > limits.columns or size > limits.array_bytes:
            raise refuse(
                "table_size",
                f"The table has more than {limits.columns} columns or {limits.table_cells:,} cells.",
                "Hand in an aggregated table.",
            )
        kept.append(batch)
    return pa.Table.from_batches(kept, schema)


def _metadata(table: pa.Table) -> list[Finding]:
    keys = set(table.schema.metadata or {}) - {b"pandas", b"ARROW:schema"}
    keys |= {key for field in table.schema for key in field.metadata or {}} - {b"PARQUET:field_id"}
    return [note("table_metadata", f"{len(keys)} notes beside the table were left out.")] if keys else []


def _parts(columns: list[tuple[str, list[Any]]], limits: Limits) -> Iterator[Part]:
    flat = [(name, values) for name, values in columns if not _nested(values)]
    if flat:
        header = tuple(name for name, _ in flat)
        rows = tuple(zip(*([cell(value) for value in values] for _, values in flat), strict=True))
        yield Table(header, rows)
        yield Text(words_of(header, rows), "cells")
    for name, values in columns:
        if _nested(values):
            yield from _lists(name, values)
        for value in values[: limits.table_rows]:
            if isinstance(value, bytes) and value:
                yield Packed(value, "", f"column {name}")
                break


def _nested(values: list[Any]) -> bool:
    return any(isinstance(value, list | dict) for value in values)


def _lists(name: str, values: list[Any]) -> Iterator[Part]:
    rows = [value for value in values if isinstance(value, list)]
    leaves = [leaf for value in values for leaf in _leaves(value)]
    figures = [float(leaf) for leaf in leaves if isinstance(leaf, int | float)]
    words = [str(leaf) for leaf in leaves if isinstance(leaf, str)]
    if words:
        yield Text("\n".join(words), f"column {name}")
    if figures:
        array = np.array(figures)
        widths = {len(row) for row in rows}
        even = len(widths) == 1 and len(rows) * min(widths) == len(figures)
        yield Array(array.reshape(len(rows), -1) if even else array, f"column {name}", name)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, dict):
        yield from _leaves(list(value.values()))
    else:
        yield value


def cell(value: Any) -> str:
    """Return a value as a cell of a CSV shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if value == value else "nan"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return str(value)


def _bytes_of(columns: list[tuple[str, list[Any]]]) -> Iterator[Finding]:
    for name, values in columns:
        if any(isinstance(leaf, bytes) for value in values[:1000] for leaf in _leaves(value)):
            yield block(
                "table_bytes",
                "A column holds raw bytes: files or sound inside a table.",
                "Leave the column out, or hand in what it holds as files.",
                f"column {name[:60]}",
            )


def _written(columns: list[tuple[str, list[Any]]]) -> bytes:
    names = [text.plain(name, multiline=False) for name, _ in columns]
    arrays = [_column([_clean(value) for value in values]) for _, values in columns]
    table = pa.table(arrays, names=names)
    out = io.BytesIO()
    parquet.write_table(
        table, out, compression="NONE", write_statistics=False, store_schema=False, use_dictionary=False
    )
    return out.getvalue()


def _clean(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return numbers.rounded_whole(value)
    if isinstance(value, float):
        return numbers.rounded_float(value) if np.isfinite(value) else None
    if isinstance(value, decimal.Decimal):
        return numbers.rounded_float(float(value))
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    if isinstance(value, dict):
        return [_clean(inner) for inner in value.values()]
    plain = text.plain(cell(value), multiline=False)
    return tables.neutral(numbers.rounded(plain))


def _column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except pa.ArrowInvalid:
        # Values of several types, or numbers too large: they leave as text.
        return pa.array([None if value is None else str(value) for value in values])
