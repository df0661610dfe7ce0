"""The project: settings and URLs, and the rooms `rest`, `dashboard` and `cluster` that every app builds on."""

# The one source of the version; CHANGELOG.md has a section of the same name.
__version__ = "1.0.0"
