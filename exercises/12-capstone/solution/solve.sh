# What is lost? Here: entries, files and logins.
lab prove run "$SUBSTRATE" --kills 1 --duration 5 --name "$LAB" || echo "lost, as expected"

# Entries: into the database that the app opens for all, and not into one of this worker's own.
sed --in-place 's|self._database = _own_database().*|self._database = database|' "$WORKSPACE/app/entries.py"

# Files: into the folder that the app is given, which is the shared drive.
sed --in-place 's|self._folder = UPLOADS|self._folder = folder|' "$WORKSPACE/app/files.py"

# Logins: they are written into the database, but looked up in this worker's memory. The kit's own app asks the database.
cp app/sessions.py "$WORKSPACE/app/sessions.py"

# Hand it to the store, and have new workers take the places of the old ones.
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "The guest book keeps nothing on its workers" --name "$LAB"
lab refresh "$SUBSTRATE" --name "$LAB"

# The judge.
lab prove run "$SUBSTRATE" --kills 3 --duration 5 --name "$LAB"
