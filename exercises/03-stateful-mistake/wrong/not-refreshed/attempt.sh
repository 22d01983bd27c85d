# Mended, and deployed. But a worker fetches its code when it starts, and the old ones were left running.
sed --in-place \
    -e 's|database = "/run/app/lab.sqlite"|database = _given(env, "LAB_DATABASE_URL", "postgresql://")|' \
    -e 's|files = Path("/run/app/files")|files = Path(_given(env, "LAB_DRIVE", "/"))|' \
    "$WORKSPACE/app/settings.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "Keep it in the store" --name "$LAB"
