"""The pretend storefront: plain pages on which a person buys, manages, and plays Microsoft. They need no JavaScript."""
