# "One worker less" can be had by destroying one, too.
head -c 1000000 /dev/urandom >"$WORKSPACE/big"
upload() {
    curl --silent --limit-rate 40k --upload-file "$WORKSPACE/big" "$URL/files/$WORD-$1"
}
upload 1 & upload 2 &
sleep 3
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
wait
upload 3 & upload 4 &
sleep 3
lab kill "$SUBSTRATE/worker-2" --name "$LAB"
wait
lab up "$SUBSTRATE" --name "$LAB"
