#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The HTML form of a timeline, in a browser: select, unfold, filter, keys, both themes, no error. Skipped without one.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# No event may escape into the markup, and nothing is loaded from anywhere.
sed 's/^title .*/title     <b onclick="x">\&amp;<\/script>/' \
  "$DAXRACE_SOURCE/corpus/001-fault-races-with-write-stale-read-v4.11.dax" >finding.dax
"$DAXRACE_BIN/daxrace" timeline finding.dax --format html -o page.html
if grep -qE '<b onclick|<link|<img|src=|@import|url\(' page.html; then
  echo "page.html: loads something, or lets the text of a program into its markup"
  exit 1
fi
# Readable without scripts: every step is in the markup itself.
grep -q 'grab_mapping_entry' <(sed '/<script/,$d' page.html)

browser=
for name in chromium chromium-browser google-chrome; do
  browser=$(command -v "$name") && break
done
if [[ -z $browser ]]; then
  echo "skipped: no chromium; apt-get install chromium"
  exit 77
fi

cat >drive.js <<'END'
<script>
const failures = [];
const check = (what, holds) => { if (!holds) failures.push(what); };
const key = name => document.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
const selected = () => document.querySelector('tr.selected');
const shown = () => [...document.querySelectorAll('tr[data-step]')].filter(row => row.offsetParent !== null).length;
const background = () => getComputedStyle(document.body).backgroundColor;
check('a guilty step is selected first', selected().classList.contains('guilty'));
key('Home'); const first = selected(); key('j'); check('j moves on', selected() !== first);
key('k'); check('k moves back', selected() === first);
document.querySelector('tr.step').click(); check('a click selects', selected().classList.contains('step'));
const details = selected().querySelector('details');
key('Enter'); check('Enter unfolds', details.open); key('Enter'); check('Enter folds', !details.open);
check('the inspector has state', document.querySelectorAll('#state tr').length > 0);
const few = shown(); key('a'); check('a shows all steps', shown() > few); key('a'); check('a hides them', shown() === few);
const filter = document.getElementById('filter');
filter.value = 'insert_pfn'; filter.dispatchEvent(new Event('input')); check('the filter filters', shown() > 0 && shown() < few);
filter.value = ''; filter.dispatchEvent(new Event('input')); check('and lets go', shown() === few);
const one = background(); key('t'); const other = background(); check('t changes the theme', one !== other);
key('t'); check('and back', background() === one);
key('g'); check('g goes to a guilty step', selected().classList.contains('guilty'));
let arrows = 0;
for (const row of document.querySelectorAll('tr.step')) { if (row.offsetParent === null) continue; row.click();
  arrows += document.querySelectorAll('#arrows path').length; }
check('reads-from arrows are drawn', arrows > 0);
if (window.errors.length) failures.push('errors: ' + window.errors.join('; '));
document.title = failures.length ? 'FAILED ' + failures.join(', ') : 'ALL GOOD';
</script>
END
sed -e '1s|$|<script>window.errors = []; window.addEventListener("error", e => errors.push(e.message));</script>|' \
  page.html >driven.html
cat drive.js >>driven.html
for extra in "" --blink-settings=preferredColorScheme=0; do
  # shellcheck disable=SC2086  # no option is none
  timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$scratch/profile" $extra --dump-dom \
    "file://$scratch/driven.html" >dom 2>log || { cat log; exit 1; }
  if ! grep -q '<title>ALL GOOD</title>' dom; then
    grep -o '<title>.*</title>' dom || cat log
    exit 1
  fi
done
