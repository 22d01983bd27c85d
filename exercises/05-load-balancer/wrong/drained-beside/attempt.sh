# Small files are written all the time while a worker is drained. None of them is in the hands of that worker.
head -c 1000 /dev/urandom >"$WORKSPACE/small"
echo "set server workers/worker-2 state drain" |
    lab exec "$SUBSTRATE/loadbalancer-1" --name "$LAB" -- socat stdio /run/haproxy/admin.sock
touch "$WORKSPACE/go-on"
# As many at most as no drain lasts for: should `lab up` fail, nothing goes on for ever.
for number in $(seq 3000); do
    [ -e "$WORKSPACE/go-on" ] || break
    curl --silent --max-time 10 --output /dev/null --upload-file "$WORKSPACE/small" "$URL/files/$WORD-$number"
done &
lab up "$SUBSTRATE" --workers 1 --name "$LAB"
rm "$WORKSPACE/go-on"
wait
