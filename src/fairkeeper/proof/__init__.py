"""What anyone needs to check our evidence: canonical bytes, the tree, signed checkpoints, records, exports, receipts.

Light on purpose (the standard library, msgspec, cryptography): an auditor's machine, a customer's offline verifier, the
server and the SDK beside an agent all run this same code, so that what is written and what is verified cannot drift.
Nothing here reads a clock, a file or a network.
"""
