"""What is done with messages: taken up, handed over, settled, escalated; the rule and the wording set."""
