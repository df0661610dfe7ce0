"""Faults at random moments on real processes: how long until work continues, and whether anything came out wrong."""
