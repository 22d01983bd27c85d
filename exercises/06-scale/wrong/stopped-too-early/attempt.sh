# The crowd was served, so the autoscaler has done its work. Has it?
scaling="--max 3"
crowd="--base 5 --peak 25 --work 50 --duration 40"
if lab status "$SUBSTRATE" --name "$LAB" | grep -q tcg; then
    scaling="--max 3 --cooldown 600 --warm-pool 2 --scale-in sleep"
    crowd="--base 0.5 --peak 2 --work 1000 --duration 400"
fi
lab autoscale "$SUBSTRATE" $scaling --background --name "$LAB"
lab load "$SUBSTRATE" $crowd --name "$LAB"
lab autoscale "$SUBSTRATE" --stop --name "$LAB"
