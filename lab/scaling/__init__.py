"""How many workers there should be: decided from figures, without a clock or an engine. Pure."""
