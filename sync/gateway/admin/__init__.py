"""Administration of the gateway: own accounts, own port, and four eyes for everything that changes who may do what."""
