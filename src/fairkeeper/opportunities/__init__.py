"""Which customer should a seller talk to this week, why now, and with which motion.

From files and feeds of Microsoft's insights (`insights`) through statistics and readable lens definitions (`lenses`)
to cards, alerts, what is pushed to a CRM, and the account that is given of how good the ranking was.
"""
