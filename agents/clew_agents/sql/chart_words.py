"""Which phrases ask for a chart, and how it should look.

``lexicon.py`` adds them to its own, with the tag ``H``; the key says the mark and the wishes.
"""

from __future__ import annotations

CHARTS = {
    "": "chart, plot, graph, draw, visualize, visualise, diagram, chart of, plot of, graph of, "
    "as a chart, as a graph, as a plot, in a chart, in a graph, charted, plotted",
    "line": "line chart, line graph, as a line, line plot, as lines, as a line chart, "
    "as a line graph, in a line chart, line diagram",
    "bar": "bar chart, bar graph, as bars, bars, bar plot, column chart, as a bar chart, "
    "as columns, as a bar graph, as a column chart, in a bar chart, bar diagram, bar charts",
    "pie": "pie chart, pie, as a pie, as a pie chart, pie graph, in a pie chart, donut chart, "
    "doughnut chart",
    "area": "area chart, as an area, as an area chart, area plot, area graph",
    "point": "scatter plot, scatter chart, scatterplot, as a scatter plot, scatter diagram, "
    "as points, as dots, dot plot, scatter graph, as a scatter",
    "histogram": "histogram, as a histogram, histogram of, in a histogram",
    "box": "box plot, boxplot, as a box plot, as boxes, box and whisker plot, box plots, boxplots, "
    "as a boxplot, boxplot of, box plot of",
    "heatmap": "heatmap, heat map, as a heatmap, as a heat map, heatmap of",
    "table": "as a table, in a table, as table",
    "bar stack": "stacked bar chart, stacked bars, stacked bar graph, as stacked bars, "
    "as a stacked bar chart, stacked column chart, stacked columns",
    "area stack": "stacked area chart, as a stacked area, as a stacked area chart",
    "stack": "stacked, stack them",
    "bar normalize": "100 % stacked bar chart, normalized bars, normalised bars, "
    "normalized bar chart, normalised bar chart, normalized stacked bars, 100 % bars",
    "normalize": "normalized, normalised",
    "none": "unstacked, side by side bars, grouped bars, grouped bar chart, not stacked",
    "bar horizontal": "horizontal bar chart, horizontal bars, as horizontal bars, lying bars, "
    "as a horizontal bar chart",
    "bar upright": "vertical bar chart, vertical bars, as vertical bars, standing bars, "
    "as a vertical bar chart",
    "horizontal": "horizontally",
    "upright": "vertically",
    "by_name": "bars sorted by name, bars in alphabetical order",
    "by_size": "bars sorted by size, sorted by size",
}
"""Mark (of a chart spec) and wishes → phrases."""
