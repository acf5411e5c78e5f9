"""What one officer hands to the next: open cases, unsent work, papers; signed by three people, then the door closes."""
