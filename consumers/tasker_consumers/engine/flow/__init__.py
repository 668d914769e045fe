"""From records to folded states, and out again."""
