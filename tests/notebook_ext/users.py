"""A login for tests: whoever says a name in a header is that user; `nobody` may not do anything."""

from typing import Any

from jupyter_server.auth import Authorizer, IdentityProvider, User


class ByHeader(IdentityProvider):
    """Believes what stands in X-User, as a hub's proxy would be believed."""

    def get_user(self, handler: Any) -> User | None:
        name = handler.request.headers.get("X-User")
        return User(username=name) if name else None

    def is_token_authenticated(self, handler: Any) -> bool:
        return "X-Form" not in handler.request.headers


class NotNobody(Authorizer):
    """Lets everybody do everything but nobody."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        return user.username != "nobody"
