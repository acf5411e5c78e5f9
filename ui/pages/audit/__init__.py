"""The audit trail on screen."""
