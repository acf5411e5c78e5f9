"""jmdesk: the offline desktop client of the Jiangmen public credit system, without its window."""


def version() -> str:
    """The program's version, from its package; read when asked, for reading it costs a tenth of the window's start."""
    from importlib.metadata import version as installed

    return installed("jmdesk")
