"""The notice that people are given before they sign: versioned text with a digest, and what declining may cost.

What a notice has to say is in articles 17 and 30 of the Personal Information Protection Law and articles 14 and 18 of
the Regulation on the Administration of the Credit Reporting Industry. A consent record names the version it was given
on; the page that people sign carries the digest too, so that a changed text cannot pass for this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from hashlib import sha256

from jmdesk.core.resources import resource

_SHOWN_DIGITS = 8


@dataclass(frozen=True)
class Notice:
    """One version of the notice, in force from ``effective`` (Beijing day) until a newer one is.

    ``paragraphs`` may name ``{office}``; ``declining`` says by consent kind what not giving it may cost.
    """

    version: str
    effective: date
    title: str
    paragraphs: tuple[str, ...]
    declining: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of title and paragraphs as they are published, in hex."""
        return sha256("\n".join((self.version, self.title, *self.paragraphs)).encode()).hexdigest()

    @property
    def short_digest(self) -> str:
        """The beginning of the digest, as the page carries it."""
        return self.digest[:_SHOWN_DIGITS]


@cache
def notices() -> Mapping[str, Notice]:
    """Every version that ships with this program."""
    found: dict[str, Notice] = {}
    for file in sorted(resource("notices").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".json"):
            raw = json.loads(file.read_text(encoding="utf-8"))
            effective = date.fromisoformat(raw["effective"])
            made = Notice(raw["version"], effective, raw["title"], tuple(raw["paragraphs"]), raw["declining"])
            found[made.version] = made
    return found


def notice_in_force(on: date) -> Notice:
    """The version to be given out on a day; before the first one, the first."""
    versions = sorted(notices().values(), key=lambda n: n.effective)
    return ([n for n in versions if n.effective <= on] or versions)[-1 if versions[0].effective <= on else 0]
