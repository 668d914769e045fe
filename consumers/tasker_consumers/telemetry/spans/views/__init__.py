"""Views of a task and of an attempt: facts in order, contexts and times, before spans are made of them."""
