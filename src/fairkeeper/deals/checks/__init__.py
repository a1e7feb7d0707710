"""The rules a deal must obey, one module a subject, each rule beside the finding it makes."""
