"""Known formats: what other systems' product exports look like, one description each. Knows no database and no file.

A new one is a file here with one `Format`, its name in `recognize.FORMATS`, and a sample in the tests.
"""
