"""Where a customer is on the path: the four machines, may it act, the picture, the clocks, the landing page, receipts."""
