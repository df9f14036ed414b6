"""EVA Relay: a live broadcast relay for spacewalks."""
