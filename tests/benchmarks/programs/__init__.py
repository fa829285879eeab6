"""Programs that a benchmark hands to the engine."""
