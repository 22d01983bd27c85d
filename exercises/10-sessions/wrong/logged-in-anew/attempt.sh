# "I can log in again, so all is well." That is another session.
curl --silent --fail --cookie-jar "$WORKSPACE/cookies.txt" "$URL/login" --json "{\"user\": \"$WORD\"}"
mine=$(awk '$6 == "lab_worker" { print $7 }' "$WORKSPACE/cookies.txt")
lab kill "$SUBSTRATE/$mine" --name "$LAB"
curl --silent --fail --cookie-jar "$WORKSPACE/cookies.txt" "$URL/login" --json "{\"user\": \"$WORD\"}"
curl --silent --fail --cookie "$WORKSPACE/cookies.txt" "$URL/me"
