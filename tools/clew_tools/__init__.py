"""Tools act on data and never call a model: databases, the query spec's SQL, charts, cells."""

__all__: list[str] = []
