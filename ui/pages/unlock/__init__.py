"""Opening a vault, and making one."""
