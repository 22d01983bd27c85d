# Put your word into the page, and make that the newest version.
sed -i "s/This page was made by/$WORD: this page was made by/" "$WORKSPACE/app/templates/page.html"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "A page with $WORD" --name "$LAB"

# Bring it to all the others.
lab refresh "$SUBSTRATE" --name "$LAB"

# A version that starts and says that it is ready, and fails whoever writes an entry.
cp -r "$WORKSPACE/app" "$WORKSPACE/bad"
sed -i 's/text.encode()/text.encoded()/' "$WORKSPACE/bad/entries.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/bad" -m "Tidied up" --name "$LAB"

lab refresh "$SUBSTRATE" --name "$LAB" || echo "it went back"

# To be quite safe: the version before the newest. But the refresh has gone back already, so that is the bad one.
lab deploy "$SUBSTRATE" --rollback --name "$LAB"
