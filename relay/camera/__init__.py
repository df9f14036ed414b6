"""One process per live camera: decode, and encode the ladder once."""
