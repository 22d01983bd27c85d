# "Remove everything" is one word too many.
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"
curl --silent --fail --header 'Content-Type: application/json' --data "{\"user\": \"$WORD\"}" "$URL/login"
curl --silent --fail --request PUT --data "kept for $WORD" "$URL/files/$WORD.txt"
lab destroy "$SUBSTRATE" --volumes --yes --name "$LAB"
lab up "$SUBSTRATE" --name "$LAB"
