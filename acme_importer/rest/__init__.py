"""What the API of every app stands on: permissions, pages, ordering, filters, errors, routers. Knows no resource."""
