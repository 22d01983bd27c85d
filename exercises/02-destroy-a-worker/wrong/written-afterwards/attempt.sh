# All is done, only the entry was forgotten: it is made up for in the end, and never had to outlive anybody.
lab prove run "$SUBSTRATE" --kills 1 --name "$LAB"
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
