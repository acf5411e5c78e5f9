"""The yearly round: which villages are being walked, how far, by whom, and what last year said."""
