# How many workers there may be, and how many visitors are a crowd. Machines that are emulated (tcg) are slow: there few are
# a crowd, if what they ask for costs enough, and the other workers sleep in a warm pool until they are needed.
scaling="--max 3 --cooldown 15"
visitors="--base 5 --peak 25 --work 50 --duration 40"
if lab status "$SUBSTRATE" --name "$LAB" | grep -q tcg; then
    scaling="--max 3 --cooldown 15 --warm-pool 2 --scale-in sleep"
    visitors="--base 0.5 --peak 2 --work 1000 --duration 400"
fi

# Have the autoscaler watch. (Without --background you see what it sees; that needs a terminal of its own.)
lab autoscale "$SUBSTRATE" $scaling --background --name "$LAB"

# Few visitors, then many more, then few again.
lab load "$SUBSTRATE" $visitors --name "$LAB"

# The workers go one after the other; the check waits for that. Then `lab autoscale --stop` ends the autoscaler.
lab timeline "$SUBSTRATE" --since 15m --name "$LAB"
