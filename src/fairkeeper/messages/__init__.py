"""Messages: what is told to whom, when, by which way, and whether anybody read it.

Rooms plant wishes (`fairkeeper.action.telling`); this room finds the people, waits for the end of quiet hours, gathers
digests, hands over to mail and Teams once, and tells somebody else when nobody reads.
"""
