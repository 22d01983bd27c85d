# All is mended, and the ledger says kept. Nobody was destroyed meanwhile.
sed --in-place 's|self._database = _own_database().*|self._database = database|' "$WORKSPACE/app/entries.py"
sed --in-place 's|self._folder = UPLOADS|self._folder = folder|' "$WORKSPACE/app/files.py"
cp app/sessions.py "$WORKSPACE/app/sessions.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "The guest book keeps nothing on its workers" --name "$LAB"
lab refresh "$SUBSTRATE" --name "$LAB"
lab prove run "$SUBSTRATE" --kills 0 --duration 5 --name "$LAB"
