# To be on the safe side: never fewer than a crowd needs.
crowd="--base 5 --peak 25 --work 50 --duration 40"
if lab status "$SUBSTRATE" --name "$LAB" | grep -q tcg; then
    crowd="--base 0.5 --peak 2 --work 1000 --duration 40"
fi
lab autoscale "$SUBSTRATE" --min 3 --max 3 --background --name "$LAB"
lab load "$SUBSTRATE" $crowd --name "$LAB"
