# As new as can be.
for substrate in $SUBSTRATES; do
    url=$(lab status "$substrate" --name "$LAB" | sed -n '1s/.* //p')
    curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
        --data "{\"text\": \"$WORD was here\"}" "$url/entries"
    lab destroy "$substrate" --volumes --yes --name "$LAB"
    lab up "$substrate" --name "$LAB"
done
