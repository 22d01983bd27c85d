# Small files are written all the time while a worker is drained. None of them is in the hands of that worker.
head -c 1000 /dev/urandom >"$WORKSPACE/small"
echo "set server workers/worker-2 state drain" |
    lab exec "$SUBSTRATE/loadbalancer-1" --name "$LAB" -- socat stdio /run/haproxy/admin.sock
touch "$WORKSPACE/go-on"
number=0
while [ -e "$WORKSPACE/go-on" ]; do
    number=$((number + 1))
    curl --silent --output /dev/null --upload-file "$WORKSPACE/small" "$URL/files/$WORD-$number"
    sleep 0.1
done &
lab up "$SUBSTRATE" --workers 1 --name "$LAB"
rm "$WORKSPACE/go-on"
wait
