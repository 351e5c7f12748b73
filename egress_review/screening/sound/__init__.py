"""Sound in any disguise: decoded, fingerprinted, matched with the recordings of the leak index."""
