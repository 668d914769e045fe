"""The engine's overrides of Faust and aiokafka."""
