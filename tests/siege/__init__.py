"""Many networks of strangers against one relay; `make siege`."""
