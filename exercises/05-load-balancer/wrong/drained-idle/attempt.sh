# The uploads are over when the worker is drained.
head -c 1000000 /dev/urandom >"$WORKSPACE/big"
upload() {
    curl --silent --limit-rate 40k --upload-file "$WORKSPACE/big" "$URL/files/$WORD-$1"
}
upload 1 & upload 2 &
sleep 3
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
wait
lab up "$SUBSTRATE" --workers 1 --name "$LAB"
lab up "$SUBSTRATE" --workers 2 --name "$LAB"
