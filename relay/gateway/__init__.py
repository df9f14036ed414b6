"""HTTP: pages, API, events, and the signalling of WebRTC sessions."""
