# Everything that is a file on a worker was found. What is only in its memory was not.
sed --in-place 's|self._database = _own_database().*|self._database = database|' "$WORKSPACE/app/entries.py"
sed --in-place 's|self._folder = UPLOADS|self._folder = folder|' "$WORKSPACE/app/files.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "Entries and files go to the store" --name "$LAB"
lab refresh "$SUBSTRATE" --name "$LAB"
lab prove run "$SUBSTRATE" --kills 1 --duration 5 --name "$LAB"
