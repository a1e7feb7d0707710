"""The console's routes: each reads a request, runs an operation, fills a page and renders it. No rules, no SQL."""
