"""Made-up pages for whoever works on the look: every page and part, as static files, without a server's data.

For developers only; nothing else imports it. `python -m fairkeeper.web.preview OUTDIR`, then serve OUTDIR.
"""
