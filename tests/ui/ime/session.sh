#!/usr/bin/env bash
# A desktop session with the ibus daemon and its pinyin engine on a virtual screen; runs the clerk in it.
# Usage: session.sh PYTHON FOLDER (started by test_ibus.py under dbus-run-session and xvfb-run)
set -euo pipefail
export HOME=$2 XDG_RUNTIME_DIR=$2/run QT_IM_MODULE=ibus QT_QPA_PLATFORM=xcb LANG=C.UTF-8
mkdir -p "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
matchbox-window-manager &
ibus-daemon --xim --replace --panel disable --config default &
trap 'kill $(jobs -p)' EXIT
for _ in $(seq 100); do
    ibus engine libpinyin >/dev/null 2>&1 && break
    sleep 0.1
done
test "$(ibus engine)" = libpinyin
"$1" -m tests.ui.ime.clerk "$2" 2>"$2/clerk.log"
