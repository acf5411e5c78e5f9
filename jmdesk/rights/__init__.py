"""The rights of the people on record: withdrawal, erasure, access and copies, retention, and who asked about whom."""
