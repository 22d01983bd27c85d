# The lab of the exercises would take a part of the computer meanwhile.
lab sleep --name "$LAB"

# Three rows, three times each, of each kind of servers that you have. If you have both, leave --only away: then they are
# measured in turns, so that whatever slows this computer down for a while slows both.
for substrate in $SUBSTRATES; do
    lab compare --rows start,memory,isolation --repeat 3 --only "$substrate" --out "$WORKSPACE/$substrate"
done
