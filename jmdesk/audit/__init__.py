"""What was done at this desk besides changing records, and the view of all of it."""
