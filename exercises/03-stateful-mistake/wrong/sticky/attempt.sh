# Entries come and go as you reload? Then lead each user to the same worker every time.
lab up "$SUBSTRATE" --sticky --name "$LAB"
lab prove run "$SUBSTRATE" --kills 1 --duration 5 --name "$LAB"
