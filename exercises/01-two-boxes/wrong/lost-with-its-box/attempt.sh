# All that is asked for, and then a new box: what ran in the old one is not in the new one.
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
lab exec "$SUBSTRATE/worker-1" --name "$LAB" -- sleep "$(echo "$WORD" | tr -dc 0-9)" </dev/null >/dev/null 2>&1 &
until lab exec "$SUBSTRATE/worker-1" --name "$LAB" -- ps -C sleep -o pid,args; do :; done
lab replace "$SUBSTRATE/worker-1" --name "$LAB"
