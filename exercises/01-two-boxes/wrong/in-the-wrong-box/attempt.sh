# Into the first box of the list that `lab status` shows. (It ends by itself some minutes later.)
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
lab exec "$SUBSTRATE/loadbalancer-1" --name "$LAB" -- timeout 300 sleep "$(echo "$WORD" | tr -dc 0-9)" \
    </dev/null >/dev/null 2>&1 &
until lab exec "$SUBSTRATE/loadbalancer-1" --name "$LAB" -- ps -C sleep -o pid,args; do :; done
