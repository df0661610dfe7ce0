"""Suspicions: what seems to have happened to a file on its way, judged by whole columns, and told in sentences.

Nothing here changes a value. A suspicion is a warning, one of each kind; only SKUs that were damaged until several
rows have the same are a reason to reject these rows. Knows no catalogue and no file, but the bytes of one.
"""
