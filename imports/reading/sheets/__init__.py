"""The sheets of workbooks: one module a kind of file, each with its library. Knows no storage and no product."""
