# It may watch, but it must not cost more.
crowd="--base 5 --peak 25 --work 50 --duration 40"
if lab status "$SUBSTRATE" --name "$LAB" | grep -q tcg; then
    crowd="--base 0.5 --peak 2 --work 1000 --duration 120"
fi
lab autoscale "$SUBSTRATE" --max 1 --background --name "$LAB"
lab load "$SUBSTRATE" $crowd --name "$LAB"
