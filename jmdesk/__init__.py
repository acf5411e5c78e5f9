"""jmdesk: the offline desktop client of the Jiangmen public credit system, without its window."""

from importlib.metadata import version

__version__ = version("jmdesk")
