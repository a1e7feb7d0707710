"""The verification of the account: steps, what happened to them, what is due, and what to send; pure rules."""
