"""Searching products by words: an index that follows the catalogue by tasks of its own. Knows no import."""
