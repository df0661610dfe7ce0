"""Template tags of every page of the dashboard. Know no app."""
