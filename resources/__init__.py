"""Data that a city can change without a programmer."""
