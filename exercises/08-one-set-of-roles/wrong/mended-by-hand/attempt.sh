# Each thing that the colleague remembers is undone by hand, as quickly as it was done.
for substrate in $SUBSTRATES; do
    url=$(lab status "$substrate" --name "$LAB" | sed -n '1s/.* //p')
    curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
        --data "{\"text\": \"$WORD was here\"}" "$url/entries"
    lab provision "$substrate" --apply --name "$LAB"
    lab exec "$substrate/store-1" --name "$LAB" -- rm -f /usr/local/bin/night-copy
    lab exec "$substrate/worker-1" --name "$LAB" -- sh -c '
        sed -i "s|<section class=warn><p>Closed until morning.</p></section>||" /run/app/source/templates/page.html
        pkill -HUP -o gunicorn'
done
