"""What a chunk is: a passage of a document, the unit of retrieval and of KV reuse."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A passage with a stable content hash.

    Attributes:
        tenant: whose document it is; part of the key, so that KV is never shared across tenants.
        document: id of the document it stands in.
        position: 0-based place among the document's chunks.
        text: the passage.
    """

    tenant: str
    document: str
    position: int
    text: str

    @property
    def sha256(self) -> str:
        """Hash of the text alone: equal passages are equal wherever they stand."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ChunkRetired:
    """Said once when a chunk's document goes: index, KV and datasets forget it.

    Attributes:
        tenant: whose chunk it was.
        sha256: the content hash of the chunk.
        document: the document that went.
    """

    tenant: str
    sha256: str
    document: str
