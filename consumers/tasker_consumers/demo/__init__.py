"""The whole way once, on this machine: a Kafka, both consumer groups, and something to look at."""
