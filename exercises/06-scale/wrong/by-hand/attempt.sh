# The workers are there in time, and gone in time: for somebody knew when the crowd would come.
crowd="--base 5 --peak 25 --work 50 --duration 40"
if lab status "$SUBSTRATE" --name "$LAB" | grep -q tcg; then
    crowd="--base 0.5 --peak 2 --work 1000 --duration 40"
fi
lab up "$SUBSTRATE" --workers 3 --name "$LAB"
lab load "$SUBSTRATE" $crowd --name "$LAB"
lab up "$SUBSTRATE" --workers 1 --name "$LAB"
