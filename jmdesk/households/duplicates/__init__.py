"""The same person twice: found, looked at side by side, merged or told apart."""
