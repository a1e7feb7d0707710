"""The channel of background work: workers that claim tasks, schedules that plant them, handlers that run operations."""
