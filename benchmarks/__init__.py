"""How long the kit takes and how much memory its labs use, measured on this computer."""
