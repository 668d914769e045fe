"""Where pages get their values from: topics, and the store."""
