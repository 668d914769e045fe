"""What every reader of Kafka needs: topics, offsets, consumers without a group."""
