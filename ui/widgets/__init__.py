"""Parts that pages are built from. They know no record and no desk."""
