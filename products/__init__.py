"""The catalogue: its products, and the one way to change them. Knows no other app."""
