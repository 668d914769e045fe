"""Facts into spans: plain values, in order, within limits, without secrets."""
