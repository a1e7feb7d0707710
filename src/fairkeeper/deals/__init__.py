"""Private offers on flexible billing schedules: what may be offered, when it is charged, and by which rules.

`deal` is the model, `files` reads and writes it, `checks` finds what breaks a rule, `schedules` builds installments,
`prices` says who pays and gets what and when, `submission` hands it to Partner Center.
"""
