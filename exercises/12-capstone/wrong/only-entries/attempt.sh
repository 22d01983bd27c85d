# The file entries.sqlite is easily found, and it is not all.
sed --in-place 's|self._database = _own_database().*|self._database = database|' "$WORKSPACE/app/entries.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "Entries go to the database" --name "$LAB"
lab refresh "$SUBSTRATE" --name "$LAB"
lab prove run "$SUBSTRATE" --kills 1 --duration 5 --name "$LAB"
