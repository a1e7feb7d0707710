"""Values every room shares: money, periods, ids, the clock, findings and the official resources. Pure, no I/O."""
