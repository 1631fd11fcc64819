"""The query spec becomes SQL: the key graph, time grains, and the compiler."""

__all__: list[str] = []
