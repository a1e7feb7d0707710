"""The pretend Microsoft: Marketplace and Entra to rehearse with, written from the documents, never from our connectors."""
