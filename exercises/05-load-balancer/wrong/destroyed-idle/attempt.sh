# Destroyed while nobody wanted anything of it.
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
