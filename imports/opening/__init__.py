"""Opening a file: from what was sent to text that the reader takes, and to its header and columns.

Whole, for a job that imports it, or only its beginning. Knows neither tasks nor lanes.
"""
