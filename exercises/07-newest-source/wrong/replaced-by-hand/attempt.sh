# Each worker gives way to a new one, by hand: that works well with a version that is good.
sed -i "s/This page was made by/$WORD: this page was made by/" "$WORKSPACE/app/templates/page.html"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "A page with $WORD" --name "$LAB"
lab replace "$SUBSTRATE/worker-1" --name "$LAB"
lab replace "$SUBSTRATE/worker-2" --name "$LAB"

# With one that is not, it looks just the same.
cp -r "$WORKSPACE/app" "$WORKSPACE/bad"
sed -i 's/text.encode()/text.encoded()/' "$WORKSPACE/bad/entries.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/bad" -m "Tidied up" --name "$LAB"
lab replace "$SUBSTRATE/worker-1" --name "$LAB"
lab replace "$SUBSTRATE/worker-2" --name "$LAB"
