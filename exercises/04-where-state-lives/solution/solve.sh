# Write an entry, log in, and upload a file, each with your word. (A browser does the same.)
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
curl --silent --fail --header 'Content-Type: application/json' --data "{\"user\": \"$WORD\"}" "$URL/login"
curl --silent --fail --request PUT --data "kept for $WORD" "$URL/files/$WORD.txt"

# Destroy all workers: for a while there is none.
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab kill "$SUBSTRATE/worker-2" --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"

# Destroy every node, the store as well. Its disk stays, for there is no --volumes.
lab destroy "$SUBSTRATE" --yes --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
