"""The tokens of the API: hashes with a name, scopes and an end; whom they let in; their pages. Knows no resource."""
