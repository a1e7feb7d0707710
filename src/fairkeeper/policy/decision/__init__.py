"""May this agent make this call: the order in which it is decided, over facts that are handed in.

Pure and light, so that the server, a gateway and a replay years later decide alike. Whoever decides supplies a `Call`
(what is asked), a `Basis` (what is registered, by its digest) and a `Moment` (what is only true now).
"""
