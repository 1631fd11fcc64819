"""Are results that somebody forged read with suspicion, and never with harm?"""

import datetime as dt
import decimal
import json
import os
import random
import struct
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from clew_tools.sandbox.outcome import Limits
from clew_tools.sandbox.results import BadResults, read
from clew_tools.sandbox_process.worker import HEAD, MAGIC, write

LIMITS = Limits(result_mb=1, json_mb=1)
SIZE = 1 << 20
TABLE = pa.table(
    {
        "i": [1, None, 3],
        "s": ["a", "bb", None],
        "l": [[1], [2, 3], None],
        "st": [{"a": 1, "b": "x"}, None, {"a": 2, "b": "y"}],
        "d": [decimal.Decimal("1.5"), None, decimal.Decimal("2.25")],
        "t": [dt.datetime(2024, 1, 1)] * 3,
        "b": [b"x", b"", None],
        "n": pa.nulls(3),
        "bo": [True, None, False],
    }
)
CHANGES = 600


@pytest.fixture
def memory() -> Iterator[int]:
    """Hand out memory of the size that the results have."""
    handle = os.memfd_create("results")
    os.ftruncate(handle, SIZE)
    yield handle
    os.close(handle)


def forge(memory: int, head: dict[str, Any], data: bytes = b"") -> None:
    """Write a head as the code could, with data from byte 64 on."""
    whole = {"status": "done", "error": "", "tables": [], "values": {}, "figures": {}} | head
    words = json.dumps(whole).encode()
    at = 64 + len(data)
    os.pwrite(memory, data + words, 64)
    os.pwrite(memory, HEAD.pack(MAGIC, at, len(words)), 0)


def stream(table: pa.Table, **options: Any) -> bytes:
    """Write a table as a stream."""
    sink = pa.BufferOutputStream()
    settings = pa.ipc.IpcWriteOptions(**options)
    with pa.ipc.new_stream(sink, table.schema, options=settings) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def test_what_was_written_is_read(memory: int) -> None:
    write({"t": TABLE, "v": {"a": [1, 2]}}, "done", "", memory, SIZE)
    left = read(memory, LIMITS)
    assert left and left.tables["t"].equals(TABLE)
    assert (left.status, left.values, left.figures) == ("done", {"v": {"a": [1, 2]}}, {})


def test_memory_that_nobody_wrote_has_no_results(memory: int) -> None:
    assert read(memory, LIMITS) is None


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"status": "fine"}, "form"),
        ({"error": 1}, "form"),
        ({"tables": {}}, "form"),
        ({"tables": [["t", 64]]}, "form"),
        ({"tables": [["t", True, 64]]}, "form"),
        ({"tables": [["t", -1, 64]]}, "form"),
        ({"tables": [["t", SIZE, 64]]}, "not there"),
        ({"values": []}, "form"),
        ({"values": {str(n): n for n in range(101)}}, "more than 100"),
        ({"values": {"x" * 201: 1}}, "too long"),
        ({"values": {"x": 1}, "figures": {"x": '{"data": []}'}}, "there twice"),
        ({"figures": {"f": "{"}}, "no JSON"),
        ({"figures": {"f": "[]"}}, "no Plotly figure"),
        ({"figures": {"f": '{"data": [NaN]}'}}, "no JSON"),
        ({"figures": {"f": '{"data": [], "layout": 1}'}}, "no Plotly figure"),
        ({"figures": {"f": 1}}, "form"),
    ],
)
def test_a_head_of_another_form_is_refused(memory: int, head: dict[str, Any], words: str) -> None:
    forge(memory, head)
    with pytest.raises(BadResults, match=words):
        read(memory, LIMITS)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (stream(pa.table({"a": [b"\0" * 9_000_000]}), compression="zstd"), "compressed"),
        (stream(pa.table({"a": [b"\0" * 900_000] * 2}), compression="lz4"), "compressed"),
        (stream(pa.table({"a": pa.array(["x"]).dictionary_encode()})), "plain columns"),
        (stream(pa.table({"a": pa.array(["x"], pa.string_view())})), "string_view"),
        (stream(pa.table({"a": pa.array([{}], pa.map_(pa.string(), pa.int64()))})), "map"),
        (stream(pa.table({"a": pa.nulls(20_000_000)})), "more than 10000000 rows"),
        (b"", "can't be read"),
        (b"\xff" * 200, "can't be read"),
        (stream(TABLE)[:-100], "can't be read"),
    ],
)
def test_a_stream_of_another_kind_is_refused(memory: int, data: bytes, words: str) -> None:
    forge(memory, {"tables": [["t", 64, len(data)]]}, data)
    with pytest.raises(BadResults, match=words):
        read(memory, LIMITS)


def test_batches_that_share_memory_count_each(memory: int) -> None:
    # One table of 600 kB, named three times: whoever copies it pays three times.
    data = stream(pa.table({"a": pa.array(range(75_000))}))
    forge(memory, {"tables": [[name, 64, len(data)] for name in "abc"]}, data)
    with pytest.raises(BadResults, match="over 1 MB"):
        read(memory, LIMITS)


def test_nested_types_end_somewhere(memory: int) -> None:
    kind = pa.int64()
    for _ in range(20):
        kind = pa.list_(kind)
    data = stream(pa.table({"a": pa.nulls(1, kind)}))
    forge(memory, {"tables": [["t", 64, len(data)]]}, data)
    with pytest.raises(BadResults, match="nested too deep"):
        read(memory, LIMITS)


def test_changed_bytes_are_refused_or_read_but_never_harm(memory: int) -> None:
    write({"t": TABLE}, "done", "", memory, SIZE)
    good = os.pread(memory, 1 << 16, 0)
    end = HEAD.unpack_from(good)[1]
    chance = random.Random(7)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(CHANGES):
        changed = bytearray(good)
        for _ in range(chance.choice([1, 1, 2, 8])):
            at = chance.randrange(64, end - 8)
            if chance.random() < 0.5:
                changed[at] ^= 1 << chance.randrange(8)
            else:
                number = chance.choice([-1, 1 << 62, -(1 << 63), (1 << 31) - 1, 0, 1 << 20])
                struct.pack_into("<q", changed, at // 8 * 8, number)
        os.pwrite(memory, bytes(changed), 0)
        try:
            left = read(memory, LIMITS)
        except BadResults:
            outcomes["refused"] += 1
            continue
        assert left
        for table in left.tables.values():
            assert table.num_rows < 1000 and str(table)
        outcomes["read"] += 1
    assert min(outcomes.values()) > 20, outcomes
