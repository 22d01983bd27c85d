# The database is what everybody thinks of. The line below it is easily forgotten.
sed --in-place \
    -e 's|database = "/run/app/lab.sqlite"|database = _given(env, "LAB_DATABASE_URL", "postgresql://")|' \
    "$WORKSPACE/app/settings.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "Entries go to the database" --name "$LAB"
lab refresh "$SUBSTRATE" --name "$LAB"
lab prove run "$SUBSTRATE" --kills 1 --duration 5 --name "$LAB"
