"""Is what is claimed still true: behaviour watched, incidents, evaluation, events for security operations, posture."""
