# The site looks right again, and the store does its work.
for substrate in $SUBSTRATES; do
    url=$(lab status "$substrate" --name "$LAB" | sed -n '1s/.* //p')
    curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
        --data "{\"text\": \"$WORD was here\"}" "$url/entries"
    lab replace "$substrate/worker-1" --name "$LAB"
done
