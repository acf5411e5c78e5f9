"""The vault: a folder whose key only the right passphrase gives."""
