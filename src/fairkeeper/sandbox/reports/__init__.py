"""A year of a made-up publisher as Partner Center would report it, with what is wrong in it known beforehand.

Written from Microsoft's documents and not from the room that reads it. Everything is drawn from a seed; amounts are
decimals that are exact to the cent.
"""
