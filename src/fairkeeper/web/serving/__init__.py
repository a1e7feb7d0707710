"""How the console serves: the request on its way, the frame around a page, actions as questions, values as words."""
