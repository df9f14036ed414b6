"""What must survive: cameras, broadcasts and secrets, kept in the state Redis."""
