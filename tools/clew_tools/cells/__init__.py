"""How the cells of a notebook depend on each other, read from their text: nothing is run."""

from clew_tools.cells.facts import Facts, Thing
from clew_tools.cells.graph import CellGraph
from clew_tools.cells.linking import Edge
from clew_tools.cells.problems import Problem

__all__ = ["CellGraph", "Edge", "Facts", "Problem", "Thing"]
