"""What is overridden in Faust and aiokafka."""
