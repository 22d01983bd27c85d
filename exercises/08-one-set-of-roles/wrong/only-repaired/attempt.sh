# "0 changed" on every server: all is well?
for substrate in $SUBSTRATES; do
    url=$(lab status "$substrate" --name "$LAB" | sed -n '1s/.* //p')
    curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
        --data "{\"text\": \"$WORD was here\"}" "$url/entries"
    lab provision "$substrate" --apply --name "$LAB"
    lab provision "$substrate" --name "$LAB"
done
