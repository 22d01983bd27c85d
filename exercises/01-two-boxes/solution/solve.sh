for box in $SUBSTRATES; do
    # Find the address of the site, and write an entry with your word. (In a browser: open it, and use the form.)
    address=$(lab status "$box" --name "$LAB" | sed -n '1s/.*: //p')
    curl --silent --fail --header 'Content-Type: application/json' --header "Idempotency-Key: $WORD" \
        --data "{\"text\": \"$WORD was here\"}" "$address/entries"

    # Whose kernel is it, and since when is it up?
    lab exec "$box/worker-1" --name "$LAB" -- uname -r
    lab exec "$box/worker-1" --name "$LAB" -- uptime -p

    # Start a program in the box, with the number of your word. The & at the end leaves this terminal to you.
    lab exec "$box/worker-1" --name "$LAB" -- sleep "$(echo "$WORD" | tr -dc 0-9)" </dev/null >/dev/null 2>&1 &

    # Look for it from inside until it is there.
    until lab exec "$box/worker-1" --name "$LAB" -- ps -C sleep -o pid,args; do :; done
done

# And from outside. There is none where you have virtual machines only.
ps -C sleep -o pid,args || true
