"""The `relay` command's groups, one file each."""
