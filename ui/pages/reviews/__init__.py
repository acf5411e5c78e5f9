"""The household review: batches, their cases, panel, ballots and papers."""
