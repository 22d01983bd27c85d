# Write an entry with your word. (In a browser: open the address, and use the form.)
curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
    --data "{\"text\": \"$WORD was here\"}" "$URL/entries"

# Destroy a worker by hand, and look: the entry is there, although one worker is missing.
lab kill "$SUBSTRATE/worker-1" --name "$LAB"
curl --silent --fail "$URL/entries?limit=1000"

# Put a new one in its place.
lab replace "$SUBSTRATE/worker-1" --name "$LAB"

# Let visitors write while two workers are destroyed, and account for every write.
lab prove run "$SUBSTRATE" --kills 2 --name "$LAB"
