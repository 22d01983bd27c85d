# One of the two is destroyed: but not the one that let this user in.
curl --silent --fail --cookie-jar "$WORKSPACE/cookies.txt" "$URL/login" --json "{\"user\": \"$WORD\"}"
mine=$(awk '$6 == "lab_worker" { print $7 }' "$WORKSPACE/cookies.txt")
other=worker-1
if [ "$mine" = worker-1 ]; then other=worker-2; fi
lab kill "$SUBSTRATE/$other" --name "$LAB"
curl --silent --fail --cookie "$WORKSPACE/cookies.txt" "$URL/me"
