"""What the dashboard of every app stands on: the admin site, the front page, drawings. Knows no app."""
