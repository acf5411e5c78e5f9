"""The look: readable in both themes, scaled as one, complete."""

from __future__ import annotations

import re

import pytest
from PySide6.QtWidgets import QApplication

from jmdesk.core.resources import resource
from tests.ui import gallery
from ui.core.icons import icon, pixmap
from ui.core.theme import contrast, look, theme

READ = [
    ("text", "window"), ("text", "surface"), ("text", "raised"), ("text", "zebra"), ("text", "accent_soft"),
    ("text", "hover"), ("text", "neutral_soft"), ("muted", "window"), ("muted", "surface"), ("muted", "raised"),
    ("muted", "zebra"), ("muted", "accent_soft"), ("disabled", "surface"), ("on_accent", "accent"),
    ("on_accent", "accent_hover"), ("on_accent", "accent_pressed"), ("accent_text", "surface"),
    ("accent_text", "window"), ("rail_text", "rail"), ("rail_text", "rail_hover"),
    ("rail_selected_text", "rail_selected"), ("ok", "ok_soft"), ("warn", "warn_soft"), ("bad", "bad_soft"),
    ("info", "info_soft"), ("text", "ok_soft"), ("text", "warn_soft"), ("text", "bad_soft"), ("text", "info_soft"),
    ("muted", "ok_soft"), ("muted", "warn_soft"), ("muted", "bad_soft"), ("muted", "info_soft"),
    ("accent_text", "ok_soft"), ("accent_text", "warn_soft"), ("accent_text", "bad_soft"), ("bad", "surface"),
]  # fmt: skip
SEEN = [("edge", "surface"), ("edge", "window"), ("focus", "surface"), ("focus", "window"), ("disabled", "window")]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(name: str) -> None:
    colours = theme(name).colours
    weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in READ}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_borders_and_the_focus_ring_can_be_seen(name: str) -> None:
    colours = theme(name).colours
    weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in SEEN}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("scale", [100, 150, 200])
def test_the_stylesheet_leaves_no_placeholder(name: str, scale: int) -> None:
    sheet = theme(name, scale).stylesheet()
    assert "@" not in sheet
    for file in re.findall(r'url\("([^"]+)"\)', sheet):
        assert file.endswith(f"_{name}.svg")


def test_both_themes_know_the_same_tokens() -> None:
    assert theme("light").colours.keys() == theme("dark").colours.keys()


def test_lengths_grow_with_the_text() -> None:
    assert theme("light", 150).px(34) == 51
    assert theme("light", 400).scale == 200
    assert "font-size: 21px" in theme("light", 150).stylesheet()


def test_every_icon_is_drawn_in_the_colour_asked_for(qapp: QApplication) -> None:
    for file in resource("icons").iterdir():
        name = file.name.removesuffix(".svg")
        if name.endswith(("_light", "_dark")):
            continue
        image = pixmap(name, "#FF0000", 48).toImage()
        colours = {
            image.pixelColor(x, y).name() for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha()
        }
        assert "#ff0000" in colours, name
    assert not icon("lock").isNull()


@pytest.mark.parametrize(("name", "scale"), [("dark", 100), ("light", 200)])
def test_every_widget_can_be_dressed_anew(qapp: QApplication, name: str, scale: int) -> None:
    shown = gallery.lists()
    shown.show()
    look().apply(theme(name, scale))
    fields = gallery.fields()
    fields.show()
    assert fields.font().pixelSize() == round(14 * scale / 100)
    shown.close()
    fields.close()
