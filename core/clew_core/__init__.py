"""The words everybody shares: errors, principal, deadline, events, cells, receipts, specs.

Import from the modules: ``from clew_core.receipts import Receipt``.
"""

__all__: list[str] = []
