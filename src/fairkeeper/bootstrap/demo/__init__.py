"""The demo: a server beside the pretend Microsoft, and the story that walks four customers through both."""
