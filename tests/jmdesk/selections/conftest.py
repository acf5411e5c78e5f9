from tests.offices import days, office

__all__ = ["days", "office"]
