"""Which words at the end of a column's name only say in what it is measured: "weight_kg"?"""

from __future__ import annotations

# Those that nobody says with the name.
LEFT_OUT = frozenset(
    "eur usd gbp chf jpy dkk sek nok pln czk huf inr kg km cm mm sqm sqft m2 km2 ha kwh mwh kw mw "
    "mph kmh hp ml mb gb".split()
)

# Those that a number may be named without, or with.
SUFFIXES = frozenset(
    "days day hours hour minutes minute mins seconds secs sec months weeks years h s ms g kg m "
    "km cm mm mg lb lbs oz ft mi miles kilometers kilometres meters metres feet inches grams "
    "kilograms tonnes tons hectares acres ha sqm sqft liters litres l ml hl hectoliters "
    "hectolitres gallons kwh mwh gwh kw mw gw watts volts amps celsius fahrenheit degrees deg "
    "bpm rpm hz kcal bytes kb mb gb tb eur usd gbp chf pct percent".split()
)
