# The proof first, the try by hand last: nobody replaces the worker that is gone.
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
lab prove run "$SUBSTRATE" --kills 1 --name "$LAB"
lab kill "$SUBSTRATE/worker-2" --name "$LAB"
