"""Where a customer is on the path: the four machines, may it act, the picture, clocks, landing page, receipts."""
