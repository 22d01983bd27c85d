# A file, and a way to send it that takes 25 seconds.
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

# Two at the same time: each worker has one. Destroy a worker before they end, and one of them fails.
upload 1 & upload 2 &
each_has_one
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
wait

# Once more, and this time the worker is drained: both are written.
upload 3 & upload 4 &
each_has_one
lab up "$SUBSTRATE" --workers 1 --name "$LAB"
wait

# Two workers, as before.
lab up "$SUBSTRATE" --workers 2 --name "$LAB"
