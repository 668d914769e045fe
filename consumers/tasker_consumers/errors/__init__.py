"""Which failures are the same error: fingerprints, and rules that merge and split groups. Pure functions."""
