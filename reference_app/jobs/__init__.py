"""Jobs: writing, finding and keeping them."""
