"""Writes the papers that ship with the program: ``python -m installer.papers`` makes ``resources/papers/`` anew.

Each paper is described once, one file per part of the office; the result is an ordinary Word document that a city
changes as it likes. Running this again gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from installer.papers import complaints, consents, enterprises, households, reviews, rights, villages
from installer.papers.sheet import content

OUT = Path(__file__).resolve().parents[2] / "resources" / "papers"
PAPERS = [
    *rights.PAPERS,
    *complaints.PAPERS,
    *enterprises.PAPERS,
    *consents.PAPERS,
    *reviews.PAPERS,
    *villages.PAPERS,
    *households.PAPERS,
]


def main(out: Path = OUT) -> None:
    """Write every paper and its description."""
    out.mkdir(parents=True, exist_ok=True)
    for paper in PAPERS:
        about = {
            "id": paper.id,
            "version": paper.version,
            "label": paper.label,
            "prefix": paper.prefix,
            "copies": paper.copies,
            **paper.more,
            "fields": dict(paper.fields),
        }
        (out / f"{paper.id}.docx").write_bytes(content(paper))
        (out / f"{paper.id}.json").write_text(f"{json.dumps(about, ensure_ascii=False, indent=1)}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT)
