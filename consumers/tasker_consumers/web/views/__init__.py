"""The models of pages: functions of values, without server, Kafka and database."""
