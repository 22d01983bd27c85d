# The uploads are over when the worker is drained.
head -c 1000000 /dev/urandom >"$WORKSPACE/big"
upload() {
    curl --silent --limit-rate 40k --upload-file "$WORKSPACE/big" "$URL/files/$WORD-$1"
}
# Returns once each worker has one, as the gauge tells.
each_has_one() {
    for _ in $(seq 20); do
        lab exec "$SUBSTRATE/loadbalancer-1" --name "$LAB" -- \
            sh -c 'echo show stat | socat stdio /run/haproxy/admin.sock | grep ^workers,worker | cut -d, -f2,5' |
            grep -c ',[1-9]' | grep -q 2 && return
    done
}
upload 1 & upload 2 &
each_has_one
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
wait
lab up "$SUBSTRATE" --workers 1 --name "$LAB"
lab up "$SUBSTRATE" --workers 2 --name "$LAB"
