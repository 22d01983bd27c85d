# Once is quicker.
for substrate in $SUBSTRATES; do
    lab compare --rows start,memory,isolation --repeat 1 --only "$substrate" --out "$WORKSPACE/$substrate"
done
