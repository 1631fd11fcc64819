"""How is a table of several results written as a notebook cell? As pandas merges by groups."""

from __future__ import annotations

from collections.abc import Sequence

from clew_agents.information_unit import Side


def combine_source(
    name: str, keys: Sequence[str], sides: Sequence[Side], variables: Sequence[str]
) -> str:
    """Write the cell that makes the table of ``Combined``.

    Args:
        name: of the variable that it binds.
        keys: columns of the groups in the new table.
        sides: in order.
        variables: that hold the sides' results, in order.
    """
    steps = []
    for side, variable in zip(sides, variables, strict=True):
        names = {**dict(zip(side.keys, keys, strict=True)), **side.columns}
        renamed = {old: new for old, new in names.items() if old != new}
        part = f"{variable}[{list(names)!r}]"
        steps.append(f"{part}.rename(columns={renamed!r})" if renamed else part)
    if not keys:  # single numbers
        lines = [f"{name} = {steps[0]}"]
        lines += [f'{name} = {name}.merge({step}, how="cross")' for step in steps[1:]]
        return "\n".join([*lines, name]) + "\n"
    lines = [f"{name} = {steps[0]}"]
    lines += [f'{name} = {name}.merge({s}, on={list(keys)!r}, how="outer")' for s in steps[1:]]
    lines.append(f"{name} = {name}.sort_values({list(keys)!r}, ignore_index=True)")
    return "\n".join([*lines, name]) + "\n"


def melt_source(name: str, of: str, keys: Sequence[str], series: Sequence[str]) -> str:
    """Write the lines that put columns below each other before one chart draws them.

    Args:
        name: of the variable that they bind.
        of: the variable that holds the table.
        keys: its columns of groups.
        series: its columns of numbers.
    """
    return (
        f"{name} = {of}.melt(id_vars={list(keys)!r}, value_vars={list(series)!r},\n"
        f'    var_name="series", value_name="value")\n'
        f'{name}["series"] = {name}["series"].str.replace("_", " ")\n'
        f'{name}["value"] = {name}["value"].astype(float)\n\n'
    )
