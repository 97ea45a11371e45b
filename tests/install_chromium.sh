#!/bin/sh
# Browser tests need Chromium; where it can neither be found nor installed they are skipped, with a message.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core >/dev/null && exit 0
fi
.venv/bin/python -m playwright install chromium 2>/dev/null && exit 0
echo "Chromium could not be installed: the browser tests will be skipped." >&2
