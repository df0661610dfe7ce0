"""The project: settings and URLs on top, and the rooms `rest`, `dashboard` and `cluster` that the apps stand on."""
