# On each engine that there is:
for one in $SUBSTRATES; do
    # A disk without a bound cannot be filled; then that fault is left out.
    full="--fault disk-full"
    lab prove run "$one" --kills 0 $full --dry-run --name "$LAB" || full=""

    # What leaves the store's power alone. Nothing is lost.
    lab prove run "$one" --kills 0 --fault pause --fault cut-store $full --fault database-kill --duration 5 --name "$LAB"

    # The power. On machines writes are lost, and then this ends with 1 (or 3: the database does not come back).
    lab prove run "$one" --kills 0 --fault store-off --duration 5 --name "$LAB" || true

    # The kit's own topology has fsync = true.
    lab up "$one" --topology topology.toml --name "$LAB"

    # On machines it is seen that this helps; with containers it would show nothing new.
    if [ "$one" != docker ]; then
        lab prove run "$one" --kills 0 --fault store-off --duration 5 --name "$LAB"
    fi
done
