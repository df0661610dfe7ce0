"""Reading: the bytes of a file to clean rows, or to the reasons why not. Knows no database, no HTTP and no model."""
