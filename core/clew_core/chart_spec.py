"""What a chart spec is: a chart as data, before it becomes a Plotly figure.

The grammar is that of Vega-Lite (Satyanarayan et al. 2017, section 3) cut down to what the chart
cell's GUI offers. Its JSON Schema is ``schemas/chart_spec.v1.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clew_core.query_spec import Aggregate, Direction, Mark, Operator, Scalar, Stacking

FieldType = Literal["quantitative", "nominal", "ordinal", "temporal"]


@dataclass(frozen=True, kw_only=True)
class Sort:
    """The order of an axis's categories.

    Attributes:
        by: a field; None sorts by the categories themselves.
        direction: ascending or descending.
    """

    by: str | None = None
    direction: Direction = "ascending"


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How one field of the data is shown.

    Attributes:
        field: name of a column of the data.
        type: what kind of scale fits it.
        aggregate: rows that share all other fields become one number.
        bin: number of classes that the field is cut into.
        sort: order of the categories; None keeps that of the data.
        unit: stands in the axis title.
        title: of the axis; None makes one from the field.
        zero: whether the axis must include zero.
    """

    field: str
    type: FieldType
    aggregate: Aggregate | None = None
    bin: int | None = None
    sort: Sort | None = None
    unit: str | None = None
    title: str | None = None
    zero: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Rows that are shown.

    Attributes:
        field: name of a column of the data.
        operator: as in a query spec.
        values: as in a query spec.
    """

    field: str
    operator: Operator
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What is the same for all marks.

    Attributes:
        title: says what the chart shows.
        subtitle: a smaller second line.
        stacking: of bars and areas.
        horizontal: bars lie; for long category names.
        legend: whether colours are explained.
        width: in pixels; None fills the cell.
        height: in pixels.
    """

    title: str = ""
    subtitle: str = ""
    stacking: Stacking = "none"
    horizontal: bool = False
    legend: bool = True
    width: int | None = None
    height: int = 420


@dataclass(frozen=True, kw_only=True)
class ChartSpec:
    """A chart as data.

    Attributes:
        version: of this form.
        data: name of the variable that holds the rows.
        mark: what stands for a row or a group.
        x: horizontal, or the categories of a pie.
        y: vertical, or the sizes of a pie.
        color: one colour per value.
        size: area of points.
        facet: one small chart per value.
        text: written beside the marks.
        tooltip: fields shown on hover.
        filters: rows that are shown.
        layout: titles and size.
    """

    data: str
    mark: Mark
    version: Literal[1] = 1
    x: Encoding | None = None
    y: Encoding | None = None
    color: Encoding | None = None
    size: Encoding | None = None
    facet: Encoding | None = None
    text: Encoding | None = None
    tooltip: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    layout: Layout = Layout()
