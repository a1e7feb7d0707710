"""How answers of rooms read on a terminal, where the general rendering would cut what matters."""
