"""The consumer group of the store: Kafka on this side, a writer on the other."""
