# As new as can be, and the entry is there: it was written once more.
write() {
    url=$(lab status "$1" --name "$LAB" | sed -n '1s/.* //p')
    curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
        --data "{\"text\": \"$WORD was here\"}" "$url/entries"
}
for substrate in $SUBSTRATES; do
    write "$substrate"
    lab destroy "$substrate" --volumes --yes --name "$LAB"
    lab up "$substrate" --name "$LAB"
    write "$substrate"
done
