"""Undo: what an import wrote is taken back, field by field, where nobody has changed it since. Knows no HTTP."""
