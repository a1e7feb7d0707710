"""What happened, told to security systems: OCSF events, and rows for Microsoft Sentinel with their parsers."""
