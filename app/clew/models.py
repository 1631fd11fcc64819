"""Which model takes part in a workspace, if any?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clew.settings import Settings
from clew_core.secrets import SecretRef

if TYPE_CHECKING:
    from clew_backend.model.client import Client

BUILTIN = "builtin"


def open_model(name: str, settings: Settings) -> Client | None:
    """Point at the model that is named; nothing is sent yet.

    Args:
        name: ``builtin``, or an address as ``clew_backend.model.endpoint`` reads it.
        settings: the rest.

    Raises:
        UsageError: it names no endpoint, or a role is unknown.
        ToolFailed: the extra ``models`` is not installed.
    """
    if name == BUILTIN:
        return None
    from clew_backend.model.client import Client
    from clew_backend.model.endpoint import Endpoint, parse_model, parse_roles

    address = parse_model(name)
    return Client(
        Endpoint(
            url=address.url,
            socket=address.socket,
            model=address.model,
            roles=parse_roles(settings.models_roles),
            key=SecretRef(name=settings.models_key) if settings.models_key else None,
            seconds=settings.models_seconds,
            parallel=settings.models_parallel,
            prompt_price=settings.models_prompt_price,
            completion_price=settings.models_completion_price,
            chunks=address.chunks,
        )
    )
