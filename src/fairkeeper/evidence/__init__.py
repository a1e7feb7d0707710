"""The log: what happened, who started it, why it was allowed; and nobody can have changed it unseen.

An entry exists if and only if its transaction committed. The integrator gives entries their place in a Merkle tree a
moment later and signs a checkpoint; witnesses cosign it. Exports and receipts carry their proofs and are verified
offline by `fairkeeper.proof`.
"""
