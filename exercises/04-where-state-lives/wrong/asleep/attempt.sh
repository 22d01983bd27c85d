# Asleep and awake again looks like a restart, and is none.
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
curl --silent --fail --header 'Content-Type: application/json' --data "{\"user\": \"$WORD\"}" "$URL/login"
curl --silent --fail --request PUT --data "kept for $WORD" "$URL/files/$WORD.txt"
lab sleep "$SUBSTRATE" --name "$LAB"
lab wake "$SUBSTRATE" --name "$LAB"
