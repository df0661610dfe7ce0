"""Writing: the clean rows of one chunk into the catalogue. Knows no files, no lanes and no HTTP."""
