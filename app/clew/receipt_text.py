"""How is a receipt said in words?"""

from __future__ import annotations

from collections.abc import Sequence

from clew.sanitise import one_line
from clew_core.receipts import Expression, Receipt, Ref


def describe(receipt: Receipt) -> str:
    """Say where a number comes from, on one line.

    >>> ref = Ref(cell="q1", sql_sha256="ab", row=0, column="n")
    >>> tree = {"op": "ratio", "args": [{"op": "value", "ref": 0}, {"op": "count", "ref": 0}]}
    >>> describe(Receipt(id="r1", text="2", value=2, expression=tree, refs=(ref,)))
    "'n' in row 1 of q1 ÷ the number of rows of q1"
    """
    return one_line(_words(receipt.expression, receipt.refs))


def _words(tree: Expression, refs: Sequence[Ref]) -> str:
    op = tree.get("op")
    if "ref" in tree:
        ref = refs[tree["ref"]]
        if op == "count":
            return f"the number of rows of {ref.cell}"
        if op == "sum":
            return f"the sum of {ref.column!r} in {ref.cell}"
        return f"{ref.column!r} in row {(ref.row or 0) + 1} of {ref.cell}"
    args = [_words(arg, refs) for arg in tree.get("args", [])]
    args = [f"({arg})" if len(args) > 1 and any(s in arg for s in SIGNS) else arg for arg in args]
    if op == "round":
        return f"{args[0]}, rounded"
    if op == "percent":
        return f"100 × {' ÷ '.join(args)}"
    return {"difference": " − ", "ratio": " ÷ "}.get(str(op), " + ").join(args)


SIGNS = (" − ", " ÷ ", " + ", " × ", ", rounded")
