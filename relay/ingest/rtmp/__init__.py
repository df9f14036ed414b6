"""An RTMP server: sans-IO core (handshake, chunks, AMF, session) and a thin asyncio shell."""
