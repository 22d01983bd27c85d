# The page is there after the kill. But it was asked for without the cookies: as a stranger.
curl --silent --fail --cookie-jar "$WORKSPACE/cookies.txt" "$URL/login" --json "{\"user\": \"$WORD\"}"
mine=$(awk '$6 == "lab_worker" { print $7 }' "$WORKSPACE/cookies.txt")
lab kill "$SUBSTRATE/$mine" --name "$LAB"
curl --silent --fail "$URL/"
