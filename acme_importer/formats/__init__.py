"""How dates, times and numbers are written on every page, instead of the formats of each language."""
