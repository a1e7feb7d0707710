"""The structure as a picture: which boxes, where they stand, and how they are written as SVG."""
