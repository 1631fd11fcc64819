"""Which URLs of database servers can be opened, and where do their secrets stay?

A secret stands in a URL as ``${NAME}`` and is read when the source is opened. A password that
stands there in plain works too, but is dropped from everything that is shown or kept.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from clew_core.errors import SourceError
from clew_core.secrets import SecretRef, redact
from clew_tools.database.guarded_source import Content, GuardedSource
from clew_tools.database.names import plain
from clew_tools.database.source import Source
from clew_tools.database.sqlalchemy_servers import SERVERS, server_of

POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
_SECRET = re.compile(r"\$\{([^}]*)\}")
SECRET_WORDS = (
    "password",
    "passwd",
    "pwd",
    "token",
    "secret",
    "passfile",
    "private_key",
    "credentials_base64",
)


def open_url(url: str, content: Content, *, memory_mb: int | None = None) -> Source:
    """Open a database on a server.

    Args:
        url: as SQLAlchemy writes it; secrets as ``${NAME}``.
        content: what the source is called; name and location may be empty.
        memory_mb: what a result may use.

    Raises:
        SourceError: it can't be reached or opened; no message holds a secret.
        UsageError: a secret is not set.
    """
    scheme = url.partition("://")[0].lower()
    server = None if scheme in POSTGRES else server_of(scheme)
    if scheme not in POSTGRES and server is None:
        raise _not_opened(scheme, url)
    location = without_secrets(url)
    made = Content(
        name=content.name or plain(urlsplit(url).path.strip("/") or scheme.partition("+")[0]),
        location=content.location or location,
        declaration=content.declaration,
    )
    full = filled(url)
    if server is not None:
        from clew_tools.database.sqlalchemy_engine import SQLAlchemyEngine

        full = server.drivers[scheme] + full[len(scheme) :]
        other = SQLAlchemyEngine(full, server, shown=location, memory_mb=memory_mb)
        return GuardedSource(other, made)
    from clew_tools.database.postgres_engine import PostgresEngine

    if scheme != "postgresql+psycopg":
        full = "postgresql+psycopg" + full[len(scheme) :]
    engine = PostgresEngine(full, shown=location, memory_mb=memory_mb)
    return GuardedSource(engine, made)


def filled(url: str) -> str:
    """Put secrets into a URL.

    Raises:
        UsageError: one is not set.
    """
    return _SECRET.sub(lambda found: quote(SecretRef(name=found[1]).read(), safe=""), url)


def without_secrets(url: str) -> str:
    """Drop what is secret from a URL; references to secrets stay, so that it can be opened again.

    >>> without_secrets("postgresql://ana:hunter2@host/db?password=x&sslmode=require")
    'postgresql://ana@host/db?sslmode=require'
    >>> without_secrets("postgresql://ana:${PG_PASSWORD}@host/db")
    'postgresql://ana:${PG_PASSWORD}@host/db'
    """
    # Passwords hold / ? # that should be percent-encoded: all up to the last @ is login.
    scheme, _, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    user, colon, password = login.partition(":")
    if colon and not _SECRET.fullmatch(password):
        login = user
    parts = urlsplit(f"{scheme}://{place}")
    query = urlencode(
        [
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if not any(word in name.lower() for word in SECRET_WORDS) or _SECRET.fullmatch(value)
        ],
        safe="/${}:,",
    )
    netloc = f"{login}{at}{parts.netloc}" if login else parts.netloc
    if not netloc:
        return f"{scheme}://{parts.path}" + (f"?{query}" if query else "")
    return urlunsplit((scheme, netloc, parts.path, query, ""))


def _not_opened(scheme: str, url: str) -> SourceError:
    return SourceError(
        f"{redact(without_secrets(url))!r} is no address that can be opened: there is no guard "
        f"for {scheme!r}.",
        hint="Files, folders and servers such as postgresql://USER:${SECRET}@HOST/DATABASE can "
        f"be opened; others: {', '.join(server.title for server in SERVERS)}.",
    )
