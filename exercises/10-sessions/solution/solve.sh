# Log in, and keep the cookies. (In a browser: open the address, and use the field for your name.)
curl --silent --fail --cookie-jar "$WORKSPACE/cookies.txt" "$URL/login" --json "{\"user\": \"$WORD\"}"

# Which worker is yours? The load balancer's cookie says so.
mine=$(awk '$6 == "lab_worker" { print $7 }' "$WORKSPACE/cookies.txt")

# Destroy it, and show the cookies again: another worker knows you.
lab kill "$SUBSTRATE/$mine" --name "$LAB"
curl --silent --fail --cookie "$WORKSPACE/cookies.txt" "$URL/me"

# Put a new one in its place.
lab replace "$SUBSTRATE/$mine" --name "$LAB"
