"""Every rule package that is at hand, side by side: a rating is explained and recomputed under its own, for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from jmdesk.catalogue.issues import Issue, built
from jmdesk.catalogue.types import Catalogue
from jmdesk.core.errors import Refused
from jmdesk.ratings import model
from jmdesk.ratings.model import RulePackage

FILE: Final = "rules.json"
"""The file of a rules package."""
MODEL: Final = "JM-HH-1"
"""The model that rates households."""


class Rulebook:
    """Rule packages by their label; ``holding`` names by model the one in force, else it is the program's own."""

    def __init__(self, issues: Iterable[Issue] = (), holding: Mapping[tuple[str, str], Issue] | None = None) -> None:
        self._texts = {_label(issue): issue for issue in issues if issue.kind == "rules"}
        self._read: dict[str, RulePackage] = {}
        self._holding = {name: issue for (kind, name), issue in (holding or {}).items() if kind == "rules"}

    def in_force(self, name: str = MODEL) -> RulePackage:
        """The package that a model's ratings go by today."""
        issue = self._holding.get(name)
        return model.shipped(name) if issue is None else self.of(_label(issue))

    def labels(self, name: str = MODEL) -> tuple[str, ...]:
        """Every version of a model that is at hand, in force or not, by label."""
        return tuple(sorted({_label(i) for i in self._texts.values() if i.name == name} | {model.shipped(name).label}))

    def of(self, label: str) -> RulePackage:
        """A package by its label (``JM-HH-1@1.0``). ``Refused("ratings.unknown_model")`` when it is not here."""
        found = self._read.get(label)
        if found is None:
            issue = self._texts.get(label)
            found = _shipped(label) if issue is None else rules_of(issue)
            self._read[label] = found
        return found


def rules_of(issue: Issue) -> RulePackage:
    """The rule package of an issue.

    ``Refused``: "packages.empty", what ``model.parse`` refuses, "packages.rules_label" (the package is not what the
    issue says), "packages.rules_differ" (it has the label of one that came with the program and other rules).
    """
    text = issue.files.get(FILE)
    if text is None:
        raise Refused("packages.empty", file=FILE)
    package = model.parse(text.encode())
    if package.label != _label(issue) or not package.activatable:
        raise Refused("packages.rules_label", label=package.label)
    try:
        shipped = _shipped(package.label)
    except Refused:
        return package
    if shipped != package:
        raise Refused("packages.rules_differ", label=package.label)
    return package


def check_issue(shipped: Catalogue, issue: Issue) -> None:
    """Whether a program with this catalogue can read an issue: the same check at the desk and where one is published.

    ``Refused`` with the reader's reason, "packages.version_shipped", "packages.empty".
    """
    if issue.kind == "rules":
        rules_of(issue)
    elif issue.kind == "list":
        if not issue.files:
            raise Refused("packages.empty", file="*")
    elif issue.kind == "catalogue" and issue.version == shipped.version:
        raise Refused("packages.version_shipped", version=issue.version)
    else:
        built(shipped, {(issue.kind, ""): issue})


def _label(issue: Issue) -> str:
    return f"{issue.name}@{issue.version}"


def _shipped(label: str) -> RulePackage:
    package = model.shipped(label.partition("@")[0])
    if package.label != label:
        raise Refused("ratings.unknown_model", model=label)
    return package
