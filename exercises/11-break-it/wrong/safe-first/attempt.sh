# First mended, then tested: of course nothing is lost.
lab up "$SUBSTRATE" --topology topology.toml --name "$LAB"
lab prove run "$SUBSTRATE" --kills 0 --fault store-off --duration 5 --name "$LAB"
