"""Plans of several agents: made from a question, checked, run, resumed."""

__all__: list[str] = []
