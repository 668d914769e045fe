"""From a record to Kafka, also when Kafka is away."""
