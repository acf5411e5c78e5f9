"""Villages that the town keeps."""
