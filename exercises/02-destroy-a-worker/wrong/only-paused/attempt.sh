# A frozen worker does not answer either. But it comes back with all that it had.
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
lab prove run "$SUBSTRATE" --kills 0 --fault pause --name "$LAB"
