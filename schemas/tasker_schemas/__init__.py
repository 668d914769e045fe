"""The contract on the wire: names, records, headers, ids and topics; it imports nothing else of ours."""

from tasker_schemas.extensions import obey_environment

obey_environment()
