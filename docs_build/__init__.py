"""Builds the documentation into site/: the pages under docs/, and the reference read from the code.

A program of the repository and no part of the installed package. It renders with markdown-it-py and Jinja2, which are
locked anyway; see docs/decisions for why no site generator is used.
"""
