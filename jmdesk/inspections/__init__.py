"""One household, one file: everything in the order of the paper file, for those who come to inspect."""
