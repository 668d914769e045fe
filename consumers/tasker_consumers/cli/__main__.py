"""`python -m tasker_consumers.cli`, for who has no `tasker` on the path."""

from tasker_consumers.cli.app import main

main()
