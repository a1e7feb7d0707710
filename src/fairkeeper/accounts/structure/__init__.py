"""What a company's house at Partner Center consists of; pure values and the rules of its words."""
