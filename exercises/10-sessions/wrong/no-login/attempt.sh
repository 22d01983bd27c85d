# An entry that bears one's name is no login.
curl --silent --fail --header "Idempotency-Key: $WORD" "$URL/entries" --json "{\"text\": \"$WORD was here\"}"
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
curl --silent --fail "$URL/entries"
