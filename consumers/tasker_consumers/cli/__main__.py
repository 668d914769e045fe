"""`python -m tasker_consumers.cli`, for who has no `tasker` on the path."""

from tasker_consumers.cli import main

main()
