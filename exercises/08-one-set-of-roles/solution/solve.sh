# On each kind of servers that you have: one is enough.
for substrate in $SUBSTRATES; do
    # Write an entry with your word. (In a browser: open the address that `status` shows, and use the form.)
    url=$(lab status "$substrate" --name "$LAB" | sed -n '1s/.* //p')
    curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
        --data "{\"text\": \"$WORD was here\"}" "$url/entries"

    # What differs from the roles is told (so this exits with 1), then repaired.
    lab provision "$substrate" --name "$LAB" || true
    lab provision "$substrate" --apply --name "$LAB"

    # What no role speaks of goes with its server. First the worker, while the other one serves.
    lab replace "$substrate/worker-1" --name "$LAB"

    # Then the store, and all others with it. Its data lies on a disk of its own, which stays.
    lab destroy "$substrate" --yes --name "$LAB"
    lab up "$substrate" --name "$LAB"
done
