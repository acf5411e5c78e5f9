"""Honest enterprises: selected by the trade itself, by open rules. An assessment by the trade, not an authority."""
