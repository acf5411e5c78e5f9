"""Paper registers kept in Excel: reading, understanding, importing and handing back; the generator of invented ones."""
