"""One process per core that serves viewers over WebRTC."""
