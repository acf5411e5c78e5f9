from tests.desks import closed_desk, desk, family

__all__ = ["closed_desk", "desk", "family"]
