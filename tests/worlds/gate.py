"""What must hold for answers on made-up worlds? The only place where these limits stand."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

from worlds.score import Outcome, by_construct, tally

EACH = 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Shares, in [0, 1].

    Attributes:
        right: of the answerable questions, at least.
        construct: right or detected, of each construct's questions, at least.
        wrong: answered wrongly or where there is no answer, of all, at most.
        refused: of the answerable questions, at most.
        detected: of the unanswerable and ambiguous ones, with their words named, at least.
    """

    right: float
    construct: float
    wrong: float
    refused: float
    detected: float


FULL = Limits(right=0.90, construct=0.75, wrong=0.03, refused=0.10, detected=0.90)
QUICK = Limits(right=0.85, construct=0.0, wrong=0.02, refused=0.14, detected=0.92)


def faults(outcomes: Sequence[Outcome], limits: Limits) -> list[str]:
    """Say what does not hold, one line each."""
    count, found = tally(outcomes), []
    shares = [
        ("right", count.right / count.answerable, limits.right, True),
        ("answered wrongly", count.wrong_share, limits.wrong, False),
        ("refused", count.refused / count.answerable, limits.refused, False),
        ("detected", count.detected / max(1, count.others), limits.detected, True),
    ]
    for name, share, limit, at_least in shares:
        if share < limit if at_least else share > limit:
            found.append(f"{name}: {share:.1%}, limit {limit:.0%}")
    for construct, group in sorted(by_construct(outcomes).items()):
        good = sum(outcome.verdict in ("right", "detected") for outcome in group)
        if good / len(group) < limits.construct:
            found.append(f"{construct}: {good} of {len(group)}, limit {limits.construct:.0%}")
    return found


def told(outcomes: Sequence[Outcome]) -> str:
    """Tell what was not right, one line each, for whoever has to mend it."""
    return "\n".join(
        f"{o.verdict} [{o.world} {o.question.construct}] "
        f"{' >> '.join([*o.question.before, o.question.text])} | {o.said}"
        for o in outcomes
        if o.verdict not in ("right", "detected")
    )


def fixed_seeds(count: int) -> list[int]:
    """Give seeds of the gate's range, always the same."""
    return sorted(random.Random("gate").sample(range(1000, 1_000_000), count))


def drawn_seeds(count: int) -> list[int]:
    """Draw seeds of the gate's range; ``CLEW_TEST_WORLDS`` names some instead ("1000,1017")."""
    if named := os.environ.get("CLEW_TEST_WORLDS"):
        return [int(seed) for seed in named.split(",")]
    return sorted(random.SystemRandom().sample(range(1000, 1_000_000), count))
