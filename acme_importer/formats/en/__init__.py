"""The formats in English, the one language of the product."""
