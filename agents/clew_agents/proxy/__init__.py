"""The proxy: it plans a question, hands its steps to agents and composes the answer."""

__all__: list[str] = []
