"""The command line: commands derived from the registry, and the few that run or verify something.

What needs neither server nor database (`evidence verify`, `witness`) imports light packages alone; everything else is
imported when it is called.
"""
