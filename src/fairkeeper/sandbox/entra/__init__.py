"""The pretend Microsoft Entra ID: metadata, keys, sign-in, tokens and the slice of Graph that a landing page needs.

Written from Microsoft's documents, which each module names. Mount it where its `base_url` says, and that address is the
authority for everybody who asks.
"""

from fairkeeper.sandbox.entra.app import PretendEntra

__all__ = ["PretendEntra"]
