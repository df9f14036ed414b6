"""All use of PyAV for live cameras: decoders, encoders, filters. No bus and no clock in here."""
