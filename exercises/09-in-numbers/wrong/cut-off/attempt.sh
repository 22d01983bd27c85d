# It takes minutes, and the first figures are there soon: Ctrl-C.
timeout --signal INT 15 lab compare --rows start,memory,isolation --repeat 3 --only "$SUBSTRATE" --out "$WORKSPACE/mine"
