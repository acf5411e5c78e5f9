"""The verbs of every record type: create, change, void, undo, history; what consent opens; what may be sent."""
