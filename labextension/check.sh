#!/usr/bin/env bash
# Front end: types, tests, and that the committed build is what the sources give.
set -euo pipefail
cd "$(dirname "$0")"
if grep -nE '"resolved"|__archiveUrl' package-lock.json; then
  echo "package-lock.json names a registry: see .npmrc" >&2
  exit 1
fi
npm ci --no-audit --no-fund --loglevel=error
npm run --silent types
npm test --silent
npm run --silent build
if ! git diff --exit-code --stat -- dist ../kernel_ext/treadle/static || git ls-files --others --exclude-standard dist | grep .; then
  echo "what is committed is not what the sources give: npm run build, then commit it" >&2
  exit 1
fi
