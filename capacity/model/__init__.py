"""From runs to service demands, from demands to predictions, and how far those are off."""
