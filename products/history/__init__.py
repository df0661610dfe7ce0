"""History: every change of a product, whoever makes it, kept in compressed blocks. Knows neither files nor jobs.

An import is a plain number here, with a line; an editor is a name.
"""
