"""How a chart spec is written as the source of a chart cell: plain Plotly over a DataFrame."""

from __future__ import annotations

import keyword
from datetime import datetime
from typing import Any

from clew_core.chart_spec import ChartSpec, Filter
from clew_tools.charts import palette
from clew_tools.charts.plan import (
    FACET_COLUMNS,
    FACET_HEIGHT,
    LEGEND_BELOW,
    LONG_NAME,
    MARKER_PIXELS,
    Plan,
    plan,
)
from clew_tools.charts.slot import Slot
from clew_tools.charts.words import NONE

WIDTH = 100

_PANDAS = {
    "count": "count", "count_distinct": "nunique", "sum": "sum", "avg": "mean", "min": "min",
    "max": "max", "median": "median", "stddev": "std", "variance": "var", "first": "first",
    "last": "last",
}  # fmt: skip


class _Code(str):
    """Text that is printed as it stands, not as a string."""


def python_source(spec: ChartSpec) -> str:
    """Write a chart cell: Python that draws the figure of ``figure`` from the frame ``spec.data``.

    Everything that comes from the spec is printed as a literal.

    Raises:
        RetryByModel: the spec can't be drawn.
    """
    planned = plan(spec)
    rows, steps = _rows_steps(planned)
    code = [*steps, "", "fig = go.Figure()"] if steps else ["fig = go.Figure()"]
    if planned.facet:
        code += _facets(planned, rows)
    else:
        code += _traces(planned, rows, "", {})
        code.append(_call("fig.update_layout", _layout(planned), ""))
        code += _axes(planned, rows)
    if planned.split:
        code += [
            f"if max(map(len, map(str, colors)), default=0) > {LONG_NAME}:  # below the marks",
            f"    fig.update_layout(legend={_flat(LEGEND_BELOW)})",
        ]
    # Without this, Plotly offers to upload the figure and its data.
    code.append('fig.show(config={"showSendToCloud": False})')
    text = "\n".join(code)
    imports = ["from itertools import cycle", ""] if "cycle(" in text else []
    imports += ["import pandas as pd"] if "pd.to_" in text else []
    return "\n".join([*imports, "import plotly.graph_objects as go", "", text]) + "\n"


# ------------------------------------------------------------------------------ rows


def _rows_steps(planned: Plan) -> tuple[str, list[str]]:
    """Write what happens to the frame; without steps it is used as it is."""
    spec = planned.spec
    name = "shown" if spec.data != "shown" else "shown_"
    now, steps = spec.data, []
    for condition in spec.filters:
        steps.append(f"{name} = {now}[{_mask(condition, now)}]")
        now = name
    if planned.aggregates:
        functions = {field: _PANDAS[how] for field, how in planned.aggregates.items()}
        if planned.keys:
            keys = _literal(list(planned.keys), "", 0)
            steps += [
                f"{name} = (",
                f"    {now}.groupby({keys}, sort=False, dropna=False, as_index=False)",
                f"    .agg({_braces(functions)})",
                ")",
            ]
        else:
            steps.append(f"{name} = {now}.agg({_braces(functions)}).to_frame().T")
        now = name
    if planned.sort:
        by, direction = planned.sort
        order = "" if direction == "ascending" else ", ascending=False"
        steps.append(f'{name} = {now}.sort_values({_quoted(by)}{order}, kind="stable")')
        now = name
    if planned.labels:
        filled = {
            label: _Code(f"{now}[{_quoted(label)}].astype(object).fillna({_quoted(NONE)})")
            for label in planned.labels
        }
        if all(map(_is_argument, filled)):
            steps.append(_call(f"{name} = {now}.assign", filled, ""))
        else:
            steps.append(f"{name} = {now}.assign(**{_braces(filled)})")
        now = name
    return now, steps


def _mask(condition: Filter, rows: str) -> str:
    column = f"{rows}[{_quoted(condition.field)}]"
    op, values = condition.operator, condition.values
    if op == "is_null":
        return f"{column}.isna()"
    if op == "is_not_null":
        return f"{column}.notna()"
    if op == "in":
        return f"{column}.isin({_flat(list(values))})"
    if op == "not_in":
        return f"{column}.notna() & ~{column}.isin({_flat(list(values))})"
    first = values[0] if values else None
    if op == "=":
        return f"{column} == {_flat(first)}"
    if op == "!=":
        return f"{column}.notna() & ({column} != {_flat(first)})"
    if op in ("contains", "not_contains", "starts_with", "ends_with"):
        text, wanted = f'{column}.astype("str")', str(first).lower()
        if op in ("starts_with", "ends_with"):
            method = "startswith" if op == "starts_with" else "endswith"
            return f"{text}.str.lower().str.{method}({_quoted(wanted)}, na=False)"
        found = f"{text}.str.contains({_quoted(wanted)}, case=False, regex=False, na=False)"
        return found if op == "contains" else f"{column}.notna() & ~{found}"
    if isinstance(first, str) and _is_date(first):
        column = f"pd.to_datetime({column})"
    if op == "between":
        return f"{column}.between({_flat(first)}, {_flat(values[-1])})"
    return f"{column} {op} {_flat(first)}"


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------------------ traces


def _traces(planned: Plan, rows: str, indent: str, extra: dict[str, Any]) -> list[str]:
    """Write the calls that add traces: one, or one per colour."""
    template = dict(planned.trace)
    method = f"fig.add_{template.pop('type')}"
    scale = rows if not extra else _rows_steps(planned)[0]
    if planned.split is None:
        return [indent + _call(method, _named(template, rows, scale) | extra, indent)]
    code = []
    if not extra:
        code.append(_colors(planned, rows))
    code.append(f"{indent}for name, color in colors.items():")
    code.append(f"{indent}    part = {rows}[{rows}[{_quoted(planned.split)}] == name]")
    inner = indent + "    "
    if extra:
        code += [f"{inner}if part.empty:", f"{inner}    continue"]
        extra = extra | {
            "legendgroup": _Code("str(name)"),
            "showlegend": _Code("name not in told"),
        }
    code.append(inner + _call(method, _named(template, "part", scale) | extra, inner))
    if extra:
        code.append(f"{inner}told.add(name)")
    return code


def _colors(planned: Plan, rows: str) -> str:
    values = f"{rows}[{_quoted(planned.split)}].unique()"
    if planned.split_sorted:
        down = planned.split_sorted == "descending"
        last = f"lambda v: (v {'!=' if down else '=='} {_quoted(NONE)}, v)"
        values = f"sorted({values}, key={last}{', reverse=True' if down else ''})"
    head = f"colors = dict(zip({values}, cycle("
    return f"{head}\n    {_flat(list(palette.COLORS))}\n)))"


def _named(template: dict[str, Any], rows: str, scale: str) -> dict[str, Any]:
    return {key: _unslotted(value, rows, scale) for key, value in template.items()}


def _unslotted(value: Any, rows: str, scale: str) -> Any:
    """Replace slots by the code that fills them."""
    if isinstance(value, dict):
        return _named(value, rows, scale)
    if isinstance(value, list):
        return [_unslotted(item, rows, scale) for item in value]
    if not isinstance(value, Slot):
        return value
    if value.kind == "name":
        return _Code("str(name)")
    if value.kind == "color":
        return _Code("color")
    if value.kind == "columns":
        return _Code(f"{rows}[{_flat(list(value.fields))}]")
    (field,) = value.fields
    code = {
        "column": f"{rows}[{_quoted(field)}]",
        # Decimals are objects to pandas, and no colours or sizes to Plotly.
        "numbers": f"pd.to_numeric({rows}[{_quoted(field)}])",
        "value": f"float({rows}[{_quoted(field)}].iloc[0])",
        "categories": f"{scale}[{_quoted(field)}].unique()",
        "sizeref": f"2 * float({scale}[{_quoted(field)}].max()) / {MARKER_PIXELS}**2",
    }
    return _Code(code[value.kind])


# ------------------------------------------------------------------------------ layout


def _layout(planned: Plan) -> dict[str, Any]:
    return {**planned.layout, "template": "none"}


def _axes(planned: Plan, rows: str) -> list[str]:
    code = []
    for axis, template in (("x", planned.x_axis), ("y", planned.y_axis)):
        if template:
            code.append(_call(f"fig.update_{axis}axes", _named(template, rows, rows), ""))
    for ticks in planned.ticks:
        update = f"fig.update_{ticks.axis}axes"
        code += _period_ticks(ticks.field, ticks.tickformat, rows, update, planned.few_periods)
    return code


def _period_ticks(
    field: str, tickformat: str | None, rows: str, update: str, few: int
) -> list[str]:
    form = f", tickformat={_quoted(tickformat)}" if tickformat else ""
    return [
        f"periods = {rows}[{_quoted(field)}].dropna().unique()",
        f"if len(periods) <= {few}:  # few: each has a tick of its own",
        f"    {update}(tickvals=periods{form})",
    ]


def _facets(planned: Plan, rows: str) -> list[str]:
    """Write one small chart per value, all with the scales of the first one."""
    code = [
        f"small_charts = list({rows}.groupby({_quoted(planned.facet)}, sort=False))",
        f"across = min(len(small_charts), {FACET_COLUMNS}) or 1",
        "down = -(-len(small_charts) // across) or 1",
    ]
    for axis, template in (("x", planned.x_axis), ("y", planned.y_axis)):
        code.append(f"{axis}_axis = " + _literal(_named(template, rows, rows), "", 9))
    for ticks in planned.ticks:
        update = f"{ticks.axis}_axis.update"
        code += _period_ticks(ticks.field, ticks.tickformat, rows, update, planned.few_periods)
    if planned.split:
        code += [_colors(planned, rows), "told = set()"]
    code += [
        "for number, (value, small) in enumerate(small_charts, start=1):",
        '    axis = "" if number == 1 else number',
    ]
    extra = {"xaxis": _Code('f"x{axis}"'), "yaxis": _Code('f"y{axis}"')}
    code += _traces(planned, "small", "    ", extra)
    code += [
        "    fig.add_annotation(",
        '        text=str(value), x=0, xref=f"x{axis} domain", xanchor="left",',
        '        y=1, yref=f"y{axis} domain", yanchor="bottom", showarrow=False,',
        "    )",
        "    fig.update_layout({",
        '        f"xaxis{axis}": dict(x_axis, matches="x" if axis else None),',
        '        f"yaxis{axis}": dict(y_axis, matches="y" if axis else None),',
        "    })",
        "    if number + across <= len(small_charts):  # the chart below has the title",
        '        fig.layout[f"xaxis{axis}"].title = None',
        "    if (number - 1) % across:  # the chart to the left has the title",
        '        fig.layout[f"yaxis{axis}"].title = None',
    ]
    layout = _layout(planned)
    layout["height"] = _Code(f"max({layout['height']}, {FACET_HEIGHT} * down)")
    layout["grid"] = _Code('dict(rows=down, columns=across, pattern="independent")')
    return [*code, _call("fig.update_layout", layout, "")]


# ------------------------------------------------------------------------------ printing


def _call(head: str, arguments: dict[str, Any], indent: str) -> str:
    """Print a call with keyword arguments, on one line where it fits."""
    flat = f"{head}({_pairs(arguments)})"
    if len(indent + flat) <= WIDTH:
        return flat
    inner = indent + "    "
    body = "".join(
        f"{inner}{key}={_literal(value, inner, len(key) + 1)},\n"
        for key, value in arguments.items()
    )
    return f"{head}(\n{body}{indent})"


def _pairs(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{key}={_flat(value)}" for key, value in arguments.items())


def _flat(value: Any) -> str:
    if isinstance(value, _Code):
        return str(value)
    if isinstance(value, dict):
        return f"dict({_pairs(value)})" if all(map(_is_argument, value)) else _braces(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _braces(value: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{_quoted(k)}: {_flat(item)}" for k, item in value.items()) + "}"


def _is_argument(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _quoted(text: str | None) -> str:
    """Print text in double quotes where that needs no escapes."""
    printed = repr(text)
    return printed if '"' in printed else f'"{printed[1:-1]}"'


def _literal(value: Any, indent: str, used: int) -> str:
    """Print a value, broken over lines where it would pass the width.

    Args:
        value: dicts, lists, code and plain values.
        indent: of the line that it begins on.
        used: signs before it on that line.
    """
    flat = _flat(value)
    if len(indent) + used + len(flat) <= WIDTH - 1 or not isinstance(value, (dict, list)):
        return flat
    inner = indent + "    "
    if isinstance(value, list):
        items = "".join(f"{inner}{_literal(item, inner, 0)},\n" for item in value)
        return f"[\n{items}{indent}]"
    return _call("dict", value, indent)
