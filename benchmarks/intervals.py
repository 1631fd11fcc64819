"""How sure is a share, and how precise are the answers that a system is most sure of?"""

from __future__ import annotations

import math
from collections.abc import Sequence

_Z_95 = 1.959964


def wilson(hits: float, n: int) -> tuple[float, float]:
    """Give the 95 % interval of a share, in [0, 1].

    Source:
        Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = hits / n, _Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def precision_of_surest(judged: Sequence[tuple[float, bool]], count: int) -> float:
    """Give the share that is right among the surest, in [0, 1].

    Args:
        judged: confidence and whether it was right, one per answer.
        count: how many of them; where fewer were answered, the rest counts as wrong. Among
            answers of one confidence the mean over all orders is taken.
    """
    if count == 0:
        return 0.0
    left, right = float(count), 0.0
    for confidence in sorted({confidence for confidence, _ in judged}, reverse=True):
        tied = [good for other, good in judged if other == confidence]
        taken = min(left, len(tied))
        right += taken * sum(tied) / len(tied)
        left -= taken
    return right / count


def percent(hits: float, n: int) -> str:
    """Write a share with its interval."""
    low, high = wilson(hits, n)
    share = hits / n if n else 0.0
    return f"{share:.1%} ({low:.1%}–{high:.1%})"


def reliability(judged: Sequence[tuple[float, bool]], parts: int = 5) -> list[str]:
    """Write as Markdown how many answers are right at each level of confidence.

    Args:
        judged: confidence and whether it was right, one per answer.
        parts: levels of about as many answers each, the surest first.
    """
    ordered = sorted(judged, key=lambda one: -one[0])
    rows = ["| confidence | answers | mean confidence | right |", "|---|---|---|---|"]
    for part in range(parts if ordered else 0):
        low, high = (round(len(ordered) * end / parts) for end in (part, part + 1))
        if held := ordered[low:high]:
            mean = sum(confidence for confidence, _ in held) / len(held)
            right = percent(sum(good for _, good in held), len(held))
            span = f"{held[-1][0]:.2f} to {held[0][0]:.2f}"
            rows.append(f"| {span} | {len(held)} | {mean:.1%} | {right} |")
    return rows
