"""The protocols of one WebRTC session over one shared UDP port."""
