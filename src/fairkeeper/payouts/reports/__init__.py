"""What Partner Center calls its reports: their columns, their statuses, and how a file is recognised."""
