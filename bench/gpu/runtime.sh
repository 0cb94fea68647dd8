#!/usr/bin/env bash
# A Java runtime of what winnow.jar needs and nothing else, to be carried to machines without Java:
#
#   bench/gpu/runtime.sh FOLDER        FOLDER/bin/java -jar winnow.jar …
#
# Links with the jlink of JAVA_HOME or PATH; fails when the result runs no Java or is larger than 24 MiB packed.
set -euo pipefail
folder=${1:?usage: runtime.sh FOLDER}
jlink=${JAVA_HOME:+$JAVA_HOME/bin/}jlink
command -v "$jlink" >/dev/null || { echo "runtime.sh: no $jlink: a JDK is needed here, not where the runtime goes" >&2; exit 1; }
# As FatJarIT has them: no java.desktop, so no folders of JPEG images.
modules=java.base,java.management,jdk.management,jdk.unsupported
if [ "$("$jlink" --version | cut -d. -f1)" -ge 21 ]; then compress=zip-9; else compress=2; fi
rm -rf "$folder"
"$jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress="$compress" --output "$folder"
# The debugger's symbols of the virtual machine are most of it where a distribution leaves them in.
find "$folder" -name '*.so' -exec strip --strip-unneeded {} + 2>/dev/null || true
"$folder/bin/java" -version 2>&1 | head -1
tar -C "$(dirname "$folder")" -czf "$folder.tar.gz" "$(basename "$folder")"
unpacked=$(du -sm "$folder" | cut -f1)
packed=$(( ($(stat -c %s "$folder.tar.gz") + 1048575) / 1048576 ))
echo "$folder: $unpacked MiB, $folder.tar.gz: $packed MiB"
[ "$packed" -le 24 ] || { echo "runtime.sh: $packed MiB are too much to carry" >&2; exit 1; }
