"""The desk's end of the protocol: enrols, seals, sends, and takes over what the platform says."""
