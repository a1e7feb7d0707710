"""Is our Partner Center house in order: tenants, administrators, locations, publishers, ids, verification?"""
