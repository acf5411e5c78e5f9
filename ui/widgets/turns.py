"""A list and what is chosen in it: side by side, or in turns where the text is too large for both."""

from __future__ import annotations

from PySide6.QtWidgets import QSplitter, QWidget

from ui.core.theme import look


class Turns(QSplitter):
    """Holds a list and one of its entries; ``arrange`` says which of them somebody is at."""

    def __init__(self, choices: QWidget, chosen: QWidget, shares: tuple[int, int]) -> None:
        """``shares``: how the room is divided while both are shown."""
        super().__init__()
        self._choices, self._chosen = choices, chosen
        self.setChildrenCollapsible(False)
        self.setHandleWidth(look().theme.px(12))
        for place, part in enumerate((choices, chosen)):
            self.addWidget(part)
            self.setStretchFactor(place, shares[place])

    @property
    def in_turns(self) -> bool:
        """Whether only one of them is shown."""
        return look().theme.large

    def arrange(self, *, working: bool, chosen: bool = True) -> None:
        """``working``: somebody is at what was chosen, not at the list; ``chosen``: there is something to show."""
        self._choices.setVisible(not (self.in_turns and working and chosen))
        self._chosen.setVisible(chosen and (working or not self.in_turns))
