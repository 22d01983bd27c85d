# Visitors come, and soon twice as many. But each is answered in a moment.
lab autoscale "$SUBSTRATE" --max 3 --background --name "$LAB"
lab load "$SUBSTRATE" --base 0.5 --peak 1 --duration 20 --name "$LAB"
