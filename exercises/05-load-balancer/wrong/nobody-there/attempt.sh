# With all workers gone there is an error, to be sure. But none of them was doing anything.
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab kill "$SUBSTRATE/worker-2" --name "$LAB"
curl --silent "$URL/files"
lab up "$SUBSTRATE" --name "$LAB"
