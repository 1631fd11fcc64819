"""How does a notebook show a result whose rows can be sorted and paged, wherever it is opened?

Plain HTML with one constant script and no file from elsewhere. Where scripts don't run (a notebook
that is not trusted, a page of a repository) the first rows are there, and so is the note of how
many more there are. Every value is escaped; the script reads nothing but ranks that are made here.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clew.table_view import TableView, view

if TYPE_CHECKING:
    import pyarrow as pa

    from clew_core.query_spec import QuerySpec

MOST_ROWS = 500
"""Rows that go into a notebook; the variable holds all."""
MOST_SIGNS = 300_000

# Sorts by ranks and shows a page. Only elements of its own table are touched.
_SCRIPT = """
(function () {
  var script = document.currentScript, grid = script && script.closest('.clew-grid');
  if (!grid) { return; }
  var body = grid.querySelector('tbody'), rows = Array.from(body.rows);
  var size = Number(grid.dataset.page), page = 0;
  var bar = grid.querySelector('.clew-grid-bar'), place = bar.querySelector('output');
  var buttons = bar.querySelectorAll('button');
  function show() {
    var last = Math.max(Math.ceil(rows.length / size) - 1, 0);
    page = Math.min(Math.max(page, 0), last);
    rows.forEach(function (row, i) { row.hidden = Math.floor(i / size) !== page; });
    buttons[0].disabled = page === 0;
    buttons[1].disabled = page === last;
    place.textContent = (rows.length ? page * size + 1 : 0) + '\u2013' +
      Math.min((page + 1) * size, rows.length) + ' / ' + rows.length;
  }
  buttons[0].addEventListener('click', function () { page -= 1; show(); });
  buttons[1].addEventListener('click', function () { page += 1; show(); });
  grid.querySelectorAll('th').forEach(function (head, column) {
    var button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.style.cssText = 'all: unset; cursor: pointer; font-weight: bold';
    button.addEventListener('focus', function () { button.style.textDecoration = 'underline'; });
    button.addEventListener('blur', function () { button.style.textDecoration = ''; });
    head.replaceChildren(button);
    button.addEventListener('click', function () {
      var down = head.getAttribute('aria-sort') === 'ascending';
      grid.querySelectorAll('th').forEach(function (other) { other.removeAttribute('aria-sort'); });
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      grid.querySelectorAll('th button').forEach(function (other) {
        other.textContent = other.textContent.replace(/ [\u25b2\u25bc]$/, '');
      });
      button.textContent += down ? ' \u25bc' : ' \u25b2';
      function rank(row) { return Number(row.cells[column].dataset.r); }
      rows.sort(function (a, b) {
        var x = rank(a), y = rank(b);
        if (x < 0 || y < 0) { return (x < 0) - (y < 0); }
        return down ? y - x : x - y;
      });
      rows.forEach(function (row) { body.appendChild(row); });
      page = 0;
      show();
    });
  });
  bar.hidden = rows.length <= size;
  show();
})();
"""


class Grid:
    """What a notebook shows of a result."""

    def __init__(
        self,
        table: pa.Table,
        *,
        page: int,
        spec: QuerySpec | None = None,
        truncated: bool = False,
    ) -> None:
        """Keep the text of the first rows.

        Args:
            table: the result.
            page: rows that are shown at once.
            spec: says which columns are measures.
            truncated: the result was cut at the row budget.
        """
        self._first = view(table, rows=page, spec=spec, truncated=truncated)
        self._page = page
        rows = _that_fit(view(table, rows=max(MOST_ROWS, page), spec=spec, truncated=truncated))
        self._all = view(table, rows=rows, spec=spec, truncated=truncated)
        shown = table.slice(0, rows)
        self._ranks = [ranks(column.to_pylist()) for column in shown.columns]

    def __repr__(self) -> str:
        """Show it where there is only text."""
        return self._first.text()

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """Write it as HTML."""
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self._all.names)
        body = "".join(self._row(number, row) for number, row in enumerate(self._all.rows))
        note = self._first.note()
        note = f"<p>{html.escape(note)}</p>" if note else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        if len(self._all.rows) < 2:
            return table + note
        return (
            f'<div class="clew-grid" data-page="{self._page}">{table}'
            '<p class="clew-grid-bar" hidden><button type="button">Previous</button> '
            '<output aria-live="polite"></output> <button type="button">Next</button></p>'
            f"{note}<script>{_SCRIPT}</script></div>"
        )

    def _row(self, number: int, row: Sequence[str]) -> str:
        hidden = " hidden" if number >= self._page else ""
        cells = "".join(
            f'<td data-r="{ranked[number]}" style="text-align: {"right" if right else "left"}">'
            f"{html.escape(value)}</td>"
            for value, right, ranked in zip(row, self._all.right, self._ranks, strict=True)
        )
        return f"<tr{hidden}>{cells}</tr>"


def ranks(values: Sequence[Any]) -> list[int]:
    """Number values in their order; equal ones alike, those that are missing -1.

    >>> ranks([3, None, 1, 3]), ranks(["b", "a", "b"])
    ([1, -1, 0, 1], [1, 0, 1])
    """
    present = [value for value in values if not _missing(value)]
    try:
        order = sorted(set(present))
    except TypeError:  # lists, structs, kinds that don't compare
        return ranks([None if _missing(value) else str(value) for value in values])
    by_value = {value: rank for rank, value in enumerate(order)}
    return [-1 if _missing(value) else by_value[value] for value in values]


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | Decimal) and value != value)


def _that_fit(shown: TableView) -> int:
    """Say how many rows a notebook can bear."""
    sizes = (sum(map(len, row)) + 60 * len(row) for row in shown.rows)
    running = 0
    for number, size in enumerate(sizes):
        running += size
        if running > MOST_SIGNS:
            return max(number, 1)
    return len(shown.rows)
