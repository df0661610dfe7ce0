"""Files: where uploads are stored, and how they get there. Knows no import job."""
