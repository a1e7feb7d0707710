"""The pretend Microsoft to rehearse with, Marketplace and Entra: written from the documents alone."""
