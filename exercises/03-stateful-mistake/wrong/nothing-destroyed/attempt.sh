# All is mended and in place. That it holds is taken on trust: nobody is destroyed.
sed --in-place \
    -e 's|database = "/run/app/lab.sqlite"|database = _given(env, "LAB_DATABASE_URL", "postgresql://")|' \
    -e 's|files = Path("/run/app/files")|files = Path(_given(env, "LAB_DRIVE", "/"))|' \
    "$WORKSPACE/app/settings.py"
lab deploy "$SUBSTRATE" "$WORKSPACE/app" -m "Keep it in the store" --name "$LAB"
lab refresh "$SUBSTRATE" --name "$LAB"
lab prove run "$SUBSTRATE" --kills 0 --duration 5 --name "$LAB"
