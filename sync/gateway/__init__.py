"""The platform's end of the protocol: the reference gateway on PostgreSQL."""
