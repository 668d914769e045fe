"""Glue for frameworks that a service may use; each module needs its framework, and the producer needs none of them."""
