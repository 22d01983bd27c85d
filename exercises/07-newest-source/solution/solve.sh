# Put your word into the page, and make that the newest version.
sed -i "s/This page was made by/$WORD: this page was made by/" "$WORKSPACE/app/templates/page.html"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "A page with $WORD" --name "$LAB"

# Nobody runs it yet. A worker that starts now does, without being told.
lab status "$SUBSTRATE" --name "$LAB"
lab replace "$SUBSTRATE/worker-1" --name "$LAB"
lab deploy "$SUBSTRATE" --list --name "$LAB"

# Bring it to all the others.
lab refresh "$SUBSTRATE" --name "$LAB"

# A version that starts and says that it is ready, and fails whoever writes an entry.
cp -r "$WORKSPACE/app" "$WORKSPACE/bad"
sed -i 's/text.encode()/text.encoded()/' "$WORKSPACE/bad/entries.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/bad" -m "Tidied up" --name "$LAB"

# The refresh turns it back, and says so by how it ends.
lab refresh "$SUBSTRATE" --name "$LAB" || echo "it went back"
lab deploy "$SUBSTRATE" --list --name "$LAB"
