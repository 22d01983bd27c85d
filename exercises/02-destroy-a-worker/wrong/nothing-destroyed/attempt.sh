# "Kept" is easy when nothing is destroyed.
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
lab prove run "$SUBSTRATE" --kills 0 --duration 10 --name "$LAB"
