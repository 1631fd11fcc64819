"""How a secret is named without being held, and how it is kept out of what people read.

Covers: passwords and tokens inside URLs and DSNs. Does not cover: secrets that stand in data,
in questions or in notebook cells.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from clew_core.errors import UsageError

# Up to the last @ of the word: people write passwords with / ? # that should be percent-encoded.
_IN_URL = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*://)(?P<user>[^:/?#@\s]*):(?P<secret>\S*)@")
_IN_PARAMETER = re.compile(
    r"(?i)\b(?P<name>password|passwd|pwd|token|secret|api_?key|access_?key)(?P<sign>\s*=\s*)"
    r"(?P<secret>'[^']*'|\"[^\"]*\"|[^\s;&'\"]+)"
)


@dataclass(frozen=True, kw_only=True)
class SecretRef:
    """The name of a secret; its value is read only where it is used.

    Attributes:
        name: an environment variable, or ``service/user`` of a keyring.
        store: where to look.
    """

    name: str
    store: str = "environment"

    def read(self) -> str:
        """Fetch the value.

        Raises:
            UsageError: it is not there, or the store is unknown.
        """
        if self.store == "environment":
            value = os.environ.get(self.name)
            if value is None:
                raise UsageError(
                    f"The secret {self.name!r} is not set.",
                    hint="Set it as an environment variable.",
                )
            return value
        raise UsageError(f"Unknown store of secrets {self.store!r}.", hint="Use 'environment'.")


def redact(text: str) -> str:
    """Hide what looks like a secret in a URL or a DSN.

    >>> redact("postgresql://ana:hunter2@host/db?sslmode=require")
    'postgresql://ana:***@host/db?sslmode=require'
    >>> redact("host=db password=hunter2 user=ana")
    'host=db password=*** user=ana'
    """
    text = _IN_URL.sub(lambda m: f"{m['scheme']}{m['user']}:***@", text)
    return _IN_PARAMETER.sub(lambda m: f"{m['name']}{m['sign']}***", text)
