"""What calls systems that are not Microsoft's: the publisher's own code, later CRM, Teams, mail and SIEM."""
