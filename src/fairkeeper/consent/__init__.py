"""What may be asked of a customer's tenant, who can approve it, what it has granted, and how it is taken back.

Trust (a tenant link) and authorization (a grant) are two objects with two lifecycles. Activation yields trust and
nothing but sign-in; what the product needs to work is asked for later, feature by feature, from a plan that the
publisher keeps as a file.
"""
