"""Where each customer is on the path, which state Microsoft reports, and what must happen next by when.

The rules are pure and read from below upwards: `lifecycle` (four machines), `standing` (may this act now?), `path`
(the picture), `clocks`, `changes`, `mirror`, `webhooks`, `landing`, `reconciliation`, `receipts`. What Microsoft sends
is read in `wire`, `subscription`, `operation` and `plans`.
"""
