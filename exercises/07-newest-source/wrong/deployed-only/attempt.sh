# The new version is in the source service. Whoever runs does not look there any more.
sed -i "s/This page was made by/$WORD: this page was made by/" "$WORKSPACE/app/templates/page.html"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "A page with $WORD" --name "$LAB"
