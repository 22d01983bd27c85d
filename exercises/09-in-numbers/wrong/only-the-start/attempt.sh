# "Which one is faster?" is the question that everybody asks, so that is all that is measured.
for substrate in $SUBSTRATES; do
    lab compare --rows start --repeat 3 --only "$substrate" --out "$WORKSPACE/$substrate"
done
