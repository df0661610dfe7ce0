"""Attacks on the running product, each as it was made, and what is to come of it."""
