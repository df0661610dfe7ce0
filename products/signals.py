"""What the catalogue tells: that somebody has edited a product by hand. Imports and bulk deletions are not told."""

from django.dispatch import Signal

# Sent in the transaction of the change, with `product` and `change`: "created", "updated" or "deleted". A deleted
# product is as it was.
product_edited = Signal()
