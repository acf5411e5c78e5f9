"""Regions as tiles: name, share and a mark of its band, so that colour is never the only sign; all by keyboard.

Arrow keys move, Home and End go to the ends, Enter opens. Painting is a function of its own: paper gets the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.core.overriding import override
from ui.core.theme import Theme, look

BANDS = 5
"""Shares are shown in so many steps; a tile bears as many filled marks as its step."""
_DEPTHS = (0.0, 0.15, 0.3, 0.45, 1.0)
"""How much of the accent a band has; between the last two there would be no readable ink."""
_WIDTH, _HEIGHT, _GAP = 152, 84, 8


@dataclass(frozen=True, slots=True)
class Tile:
    """One region: its key, name, the figure and what stands under it, its band (0–5, 0 for "not known"), where it lies.

    ``place`` is (column, row) on a map drawn by hand; None puts it behind the one before.
    """

    key: str
    name: str
    figure: str
    remark: str
    band: int
    place: tuple[int, int] | None = None

    @property
    def spoken(self) -> str:
        """For a screen reader."""
        return f"{self.name} {self.figure} {self.remark}".strip()


def places(tiles: Sequence[Tile], columns: int) -> list[tuple[int, int]]:
    """Column and row of each tile: as drawn by hand if all are, else line by line."""
    if tiles and all(tile.place is not None for tile in tiles):
        return [tile.place for tile in tiles if tile.place is not None]
    return [(number % columns, number // columns) for number in range(len(tiles))]


def paint_tile(painter: QPainter, room: QRectF, tile: Tile, theme: Theme, unit: float) -> None:
    """Paint one tile; ``unit`` is the length of one pixel of the 100 % design."""
    ground, ink = _colours(theme, tile.band)
    painter.setPen(QPen(QColor(theme.colour("edge")), unit))
    painter.setBrush(ground)
    painter.drawRoundedRect(room, 6 * unit, 6 * unit)
    painter.setPen(ink)
    inner = room.adjusted(10 * unit, 8 * unit, -10 * unit, -8 * unit)
    font = painter.font()
    plain = font.pixelSize()
    name = painter.fontMetrics().elidedText(tile.name, Qt.TextElideMode.ElideRight, int(inner.width()))
    painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), name)
    font.setPixelSize(round(plain * 1.35))
    font.setBold(True)
    painter.setFont(font)
    painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), tile.figure)
    font.setPixelSize(round(plain * 0.86))
    font.setBold(False)
    painter.setFont(font)
    marks = BANDS * 9 * unit
    remark = painter.fontMetrics().elidedText(tile.remark, Qt.TextElideMode.ElideRight, int(inner.width() - marks))
    painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), remark)
    font.setPixelSize(plain)
    painter.setFont(font)
    paint_marks(painter, QPointF(inner.right() - marks + 2 * unit, inner.bottom() - 7 * unit), tile.band, ink, unit)


def paint_marks(painter: QPainter, corner: QPointF, band: int, ink: QColor, unit: float) -> None:
    """Five small squares, as many filled as the band says."""
    painter.setPen(QPen(ink, unit))
    for number in range(BANDS):
        painter.setBrush(ink if number < band else Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(corner.x() + number * 9 * unit, corner.y(), 6 * unit, 6 * unit))


def _colours(theme: Theme, band: int) -> tuple[QColor, QColor]:
    """Ground and ink of a band: the deeper, the higher; what is not known stays grey."""
    if band == 0:
        return QColor(theme.colour("disabled_surface")), QColor(theme.colour("text"))
    soft, deep = QColor(theme.colour("accent_soft")), QColor(theme.colour("accent"))
    share = _DEPTHS[band - 1]
    mixed = QColor.fromRgbF(
        soft.redF() + (deep.redF() - soft.redF()) * share,
        soft.greenF() + (deep.greenF() - soft.greenF()) * share,
        soft.blueF() + (deep.blueF() - soft.blueF()) * share,
    )
    return mixed, QColor(theme.colour("on_accent" if band == BANDS else "text"))


class TileMap(QWidget):
    """``opened`` carries the key of the tile on which Enter or a click fell."""

    opened = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.tiles: tuple[Tile, ...] = ()
        self.current = 0
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these; the current one stays if it is still there."""
        key = self.tiles[self.current].key if self.current < len(self.tiles) else ""
        self.tiles = tuple(tiles)
        self.current = next((n for n, tile in enumerate(self.tiles) if tile.key == key), 0)
        self._tell()
        self.updateGeometry()
        self.update()

    def columns(self, width: int = 0) -> int:
        """How many tiles stand side by side."""
        px = look().theme.px
        return max(1, ((width or self.width()) + px(_GAP)) // (px(_WIDTH) + px(_GAP)))

    def rect_of(self, number: int) -> QRectF:
        """Where a tile is painted."""
        px, across = look().theme.px, self.columns()
        column, row = places(self.tiles, across)[number]
        columns = max((c for c, _ in places(self.tiles, across)), default=0) + 1
        width = (self.width() - px(_GAP) * (columns - 1)) / columns if columns <= across else px(_WIDTH)
        width = min(width, px(_WIDTH) * 1.5)
        height = px(_HEIGHT)
        return QRectF(column * (width + px(_GAP)), row * (height + px(_GAP)), width, height).adjusted(2, 2, -2, -2)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        px = look().theme.px
        rows = max((row for _, row in places(self.tiles, self.columns(width))), default=0) + 1
        return rows * (px(_HEIGHT) + px(_GAP))

    @override
    def sizeHint(self) -> QSize:
        width = look().theme.px(_WIDTH) * 4
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(look().theme.px(_WIDTH), self.heightForWidth(self.width()))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setMinimumHeight(self.heightForWidth(self.width()))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = look().theme
        painter.setFont(theme.font())
        for number, tile in enumerate(self.tiles):
            room = self.rect_of(number)
            paint_tile(painter, room, tile, theme, theme.scale / 100)
            if number == self.current and self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.colour("text")), theme.px(3)))
                painter.drawRoundedRect(room, theme.px(6), theme.px(6))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = event.key(), len(self.tiles) - 1
        if not self.tiles:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.tiles[self.current].key)
        elif key == Qt.Key.Key_Home:
            self._move(0)
        elif key == Qt.Key.Key_End:
            self._move(last)
        elif key in _STEPS:
            self._move(self._beside(*_STEPS[Qt.Key(key)]))
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        for number, tile in enumerate(self.tiles):
            if self.rect_of(number).contains(event.position()):
                self._move(number)
                self.opened.emit(tile.key)
                return

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tell()
        self.update()

    def _beside(self, right: int, down: int) -> int:
        """The nearest tile in a direction; along a line it goes on to the next line."""
        where = places(self.tiles, self.columns())
        column, row = where[self.current]
        if right and self.tiles[self.current].place is None:
            return min(max(self.current + right, 0), len(self.tiles) - 1)
        ahead = [
            (abs(c - column) * (1 if right else 9) + abs(r - row) * (9 if right else 1), number)
            for number, (c, r) in enumerate(where)
            if ((c - column) * right > 0 and abs(r - row) <= abs(c - column)) or (r - row) * down > 0
        ]
        return min(ahead)[1] if ahead else self.current

    def _move(self, number: int) -> None:
        self.current = number
        self._tell()
        self.update()

    def _tell(self) -> None:
        tile = self.tiles[self.current] if self.tiles else None
        self.setAccessibleName(f"{self._name}：{tile.spoken}" if tile else self._name)


_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
