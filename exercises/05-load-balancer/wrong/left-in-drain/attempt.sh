# Drained by hand, and not given back.
echo "set server workers/worker-2 state drain" |
    lab exec "$SUBSTRATE/loadbalancer-1" --name "$LAB" -- socat stdio /run/haproxy/admin.sock
