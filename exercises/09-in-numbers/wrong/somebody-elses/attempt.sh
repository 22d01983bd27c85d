# A friend has measured it already, and sent the report.
mkdir -p "$WORKSPACE/mine"
cat >"$WORKSPACE/mine/report.json" <<END
{
  "schema_version": 1,
  "made_at": "2026-01-05T10:00:00Z",
  "host": {"system": "debian 13", "processor": "16 cores, a fast one", "memory": "64 GiB"},
  "columns": [{"key": "$SUBSTRATE", "title": "Worker", "substrate": "$SUBSTRATE"}],
  "rows": [
    {
      "name": "start", "title": "Start of a worker", "unit": "s", "kind": "time", "better": "lower", "group": "start",
      "measures": "How long a start takes.", "why": "It differs.",
      "cells": {"$SUBSTRATE": {"state": "measured", "samples": [0.4, 0.5, 0.4]}}
    }
  ],
  "complete": true
}
END
