"""Behaviour watched over the decision record: what is unusual for an agent, against which baseline, how surely."""
