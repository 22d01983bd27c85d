# A killed database looks like the worst that can happen to it.
lab prove run "$SUBSTRATE" --kills 0 --fault pause --fault cut-store --fault database-kill --duration 5 --name "$LAB"
lab up "$SUBSTRATE" --topology topology.toml --name "$LAB"
