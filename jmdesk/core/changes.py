"""What a command changed, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Changes:
    """The records one command touched: ``(type, rid)`` pairs; ``whole`` types changed too widely to list."""

    records: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    whole: frozenset[str] = field(default_factory=frozenset)

    @property
    def types(self) -> frozenset[str]:
        """The record types touched."""
        return self.whole | {type_ for type_, _ in self.records}

    def __or__(self, other: Changes) -> Changes:
        return Changes(self.records | other.records, self.whole | other.whole)
