"""Tools every domain shares, one file each."""
