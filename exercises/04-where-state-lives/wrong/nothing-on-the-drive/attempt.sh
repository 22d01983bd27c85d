# An entry and a login: both are rows of the database.
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
curl --silent --fail --header 'Content-Type: application/json' --data "{\"user\": \"$WORD\"}" "$URL/login"
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
lab kill "$SUBSTRATE/worker-2" --name "$LAB"
lab destroy "$SUBSTRATE" --yes --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
