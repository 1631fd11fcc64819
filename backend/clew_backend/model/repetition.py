"""Does a model say the same over and over?"""

from __future__ import annotations

_LONGEST_UNIT = 120
_LEAST_REPEATS = 8
_LEAST_LENGTH = 300


def repeats_endlessly(text: str) -> bool:
    """Whether a text ends in one piece, said at least eight times and 300 characters long.

    >>> repeats_endlessly("The answer is 7. " * 30)
    True
    >>> repeats_endlessly("SELECT a, b, c FROM t WHERE a = 1 AND b = 2")
    False
    """
    if len(text) < _LEAST_LENGTH:
        return False
    tail = text[-_LONGEST_UNIT * _LEAST_REPEATS :]
    for length in range(1, _LONGEST_UNIT + 1):
        times = max(_LEAST_REPEATS, -(-_LEAST_LENGTH // length))
        if length * times > len(tail):
            continue
        if tail[-length * times :] == tail[-length:] * times:
            return True
    return False
