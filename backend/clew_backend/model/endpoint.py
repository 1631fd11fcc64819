"""Where are the models, which of them plays which role, and what may a call cost?"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

from clew_core.errors import UsageError
from clew_core.model import Role
from clew_core.secrets import SecretRef, redact

_ROLES = ("planner", "coder", "judge", "embedder")
_EXAMPLE = "Such as openai:http://localhost:8000/v1#model-name."


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible endpoint and how it is used.

    Attributes:
        url: up to and with ``/v1``.
        socket: path of the Unix socket that it listens on; empty for an address of a network.
        model: its name there; empty where the endpoint's only model is meant.
        roles: role → name of another model, or of a LoRA adapter of the same one.
        key: names the secret; None sends none.
        seconds: that one attempt may take.
        parallel: calls at once; further ones wait.
        attempts: for one call, as long as nothing of the reply was told.
        prompt_price: of a million tokens, in any currency.
        completion_price: of a million tokens.
        chunks: it is the gateway: blocks are marked as chunks; others are sent plain texts.
    """

    url: str
    socket: str = ""
    model: str = ""
    roles: Mapping[Role, str] = field(default_factory=dict)
    key: SecretRef | None = None
    seconds: float = 60.0
    parallel: int = 8
    attempts: int = 3
    prompt_price: float = 0.0
    completion_price: float = 0.0
    chunks: bool = False

    @property
    def shown(self) -> str:
        """The address for people."""
        return f"unix:{self.socket}" if self.socket else self.url

    def model_of(self, role: Role) -> str:
        """Name the model that plays a role."""
        return self.roles.get(role, self.model)


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a model is.

    Attributes:
        url: up to and with ``/v1``.
        model: its name there, or nothing.
        socket: path of a Unix socket, or nothing.
        chunks: it is a gateway that takes marked blocks.
    """

    url: str
    model: str = ""
    socket: str = ""
    chunks: bool = False


def parse_model(text: str) -> Address:
    """Read ``openai:http://host:8000/v1#model-name`` or ``openai:unix:/path/vllm.sock#name``.

    ``clew:`` in place of ``openai:`` names a gateway.

    >>> parse_model("openai:http://localhost:8000#qwen").url
    'http://localhost:8000/v1'

    Raises:
        UsageError: it is no such address.
    """
    kind, _, rest = text.partition(":")
    address = rest if kind in ("openai", "clew") else text
    if address.startswith("unix:/"):
        path, _, model = address.removeprefix("unix:").partition("#")
        return Address(url="http://localhost/v1", socket=path, model=model, chunks=kind == "clew")
    try:
        parts = urllib.parse.urlsplit(address)
        named = bool(parts.hostname)
        port = parts.port
    except ValueError:
        named, port = False, None
    if not named or parts.scheme not in ("http", "https"):
        raise UsageError(f"{redact(text)!r} names no model.", hint=_EXAMPLE)
    if parts.username or parts.password or parts.query:
        raise UsageError(
            f"{redact(text)!r}: a key has no place in the address.",
            hint="Put it into an environment variable and name that in models.key.",
        )
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    where = f"{host}:{port}" if port else f"{host}"
    path = parts.path.rstrip("/") or "/v1"
    url = f"{parts.scheme}://{where}{path}"
    return Address(url=url, model=parts.fragment, chunks=kind == "clew")


def parse_roles(items: tuple[str, ...]) -> dict[Role, str]:
    """Read ``coder=qwen-coder`` and so on.

    >>> parse_roles(("coder=qwen-coder",))
    {'coder': 'qwen-coder'}

    Raises:
        UsageError: a role is unknown or has no model.
    """
    found: dict[Role, str] = {}
    for item in items:
        role, _, name = (part.strip() for part in item.partition("="))
        for known in _ROLES:
            if role == known and name:
                found[known] = name  # type: ignore[index]
                break
        else:
            raise UsageError(
                f"{item!r} gives no model a role.", hint=f"Write ROLE=MODEL: {', '.join(_ROLES)}."
            )
    return found
