# Every worker is destroyed, but never all of them at once.
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
curl --silent --fail --header 'Content-Type: application/json' --data "{\"user\": \"$WORD\"}" "$URL/login"
curl --silent --fail --request PUT --data "kept for $WORD" "$URL/files/$WORD.txt"
lab replace "$SUBSTRATE/worker-1" --name "$LAB"
lab replace "$SUBSTRATE/worker-2" --name "$LAB"
