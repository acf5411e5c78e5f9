"""The household review (W2): batches, panel, ballots, notice, decision, certificates."""
