"""Which colours charts have: told apart by colour-blind readers, on light and on dark ground."""

from __future__ import annotations

COLORS = (
    "#0072B2",  # blue
    "#D55E00",  # vermilion
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
    "#999999",  # grey, for the black of the source: black is not seen on dark ground
    "#F0E442",  # yellow, last: it is faint on white
)
"""For categories.

Source:
    Okabe, Ito 2008, Color Universal Design: How to make figures and presentations that are
    friendly to colorblind people, figure 16.
"""

SCALE = "Cividis"
"""For numbers, from low to high; nearly the same with and without red-green blindness.

Source:
    Nuñez, Anderton, Renslow 2018, PLOS ONE 13(7) e0199239.
"""

TEXT = "#808080"
"""Of all text: contrast 3.9 to white, 4.1 to the #212121 of a dark notebook. No colour reaches
4.5 on both, and a figure can't know which ground it will stand on."""

GRID = "rgba(128, 128, 128, 0.25)"
CLEAR = "rgba(0, 0, 0, 0)"
