# See it happen: visitors write, one worker is destroyed, and what the site confirmed is gone. The verdict is lost.
lab prove run "$SUBSTRATE" --kills 1 --duration 5 --name "$LAB" || echo "lost, as expected"

# Mend the app: entries and logins go to the store's database, files to the shared drive.
sed --in-place \
    -e 's|database = "/run/app/lab.sqlite"|database = _given(env, "LAB_DATABASE_URL", "postgresql://")|' \
    -e 's|files = Path("/run/app/files")|files = Path(_given(env, "LAB_DRIVE", "/"))|' \
    "$WORKSPACE/app/settings.py"

# Hand it to the store as the newest version, and have new workers take the places of the old ones.
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "Keep it in the store" --name "$LAB"
lab refresh "$SUBSTRATE" --name "$LAB"

# The same again, and one worker more. The verdict is kept.
lab prove run "$SUBSTRATE" --kills 2 --duration 5 --name "$LAB"
