#!/bin/sh
# The container's first process: gives up root, and then runs what it was given.
#
# The volumes that platforms mount belong to root. So the folder of uploads is handed over first, with whatever an older
# version, which ran as root, has left in it.
set -eu

user=${RUN_AS:-acme}
if [ "$(id -u)" = 0 ]; then
    folder=${UPLOAD_FOLDER:-/app/storage/uploads}
    mkdir -p "$folder"
    find "$folder" ! -user "$user" -exec chown "$user" {} +
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups --inh-caps=-all "$@"
fi
exec "$@"
