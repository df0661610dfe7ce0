"""The audit trail: who did what, from where, and to how many things. Knows no app; every app writes to it."""
