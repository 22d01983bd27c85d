# As one does on a server that is there to stay: change the file where it runs.
lab exec "$SUBSTRATE/worker-1" --name "$LAB" -- \
    sed -i "s/This page was made by/$WORD: this page was made by/" /run/app/source/templates/page.html
