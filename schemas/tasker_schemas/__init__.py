"""The contract on the wire: names, records, headers, ids and topics; it imports nothing else of ours."""
