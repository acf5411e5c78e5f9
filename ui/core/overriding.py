"""``override`` without the import of typing_extensions, which would lengthen every start of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

__all__ = ["override"]

_Method = TypeVar("_Method")

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method: _Method) -> _Method:
        """Mark a method that replaces Qt's own."""
        return method
