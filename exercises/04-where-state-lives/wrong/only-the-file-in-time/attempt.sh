# The file is older than every node; the entry and the login are written when all has been destroyed already.
curl --silent --fail --request PUT --data "kept for $WORD" "$URL/files/$WORD.txt"
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab kill "$SUBSTRATE/worker-2" --name "$LAB"
lab destroy "$SUBSTRATE" --yes --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
curl --silent --fail --header 'Content-Type: application/json' --data "{\"user\": \"$WORD\"}" "$URL/login"
