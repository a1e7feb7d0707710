"""One typed context per page. A page is made from what operations returned, and is all that its template sees."""
