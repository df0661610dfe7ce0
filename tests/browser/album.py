"""Writes an index of the screenshots that test_pages.py takes: a row for each page, to leaf through."""

from __future__ import annotations

from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "screenshots" / "pages"
STYLE = """
body { margin: 16px; font: 14px/1.4 system-ui; background: #888; }
h2 { margin: 24px 0 8px; font-size: 16px; }
div { display: flex; gap: 12px; overflow-x: auto; align-items: flex-start; }
figure { flex: none; margin: 0; }
img { height: 420px; max-width: 640px; object-fit: cover; object-position: top; border-radius: 6px; }
"""


def write_index(folder: Path) -> Path:
    """Write `index.html` for the screenshots in `folder`, which are called page--width--theme.png."""
    pages: dict[str, list[Path]] = {}
    for picture in folder.glob("*--*--*.png"):
        pages.setdefault(picture.stem.split("--")[0], []).append(picture)
    rows = []
    for page, pictures in sorted(pages.items()):
        figures = "".join(
            f'<figure><a href="{escape(picture.name)}"><img src="{escape(picture.name)}" loading="lazy" alt=""></a>'
            f"<figcaption>{escape(' '.join(picture.stem.split('--')[1:]))}</figcaption></figure>"
            for picture in sorted(pictures, key=lambda picture: (-int(picture.stem.split("--")[1]), picture.stem))
        )
        rows.append(f'<h2 id="{escape(page)}">{escape(page)}</h2><div>{figures}</div>')
    index = folder / "index.html"
    index.write_text(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Screenshots</title><style>{STYLE}</style>'
        + "\n".join(rows)
    )
    return index


if __name__ == "__main__":
    print(f"Open {write_index(FOLDER)}")
