"""Incidents: opened by a fact or a person, with what they touched, what to do, whom to tell by when, and the review."""
