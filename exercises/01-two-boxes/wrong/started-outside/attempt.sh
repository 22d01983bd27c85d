# The program is started, but without `lab exec` in front: it runs on this computer. (It ends by itself some minutes later.)
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
timeout 300 sleep "$(echo "$WORD" | tr -dc 0-9)" </dev/null >/dev/null 2>&1 &
