"""What every page shares: look, texts, actions, work off the GUI thread, notices."""
