/** Text as it may stand in HTML, in elements and in quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** Text with `code` in back-quotes, links `[text](path)` and *emphasis*, as HTML. Only links within this site become links. */
export function inline(text: string): string {
  return escaped(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\[([^\]]+)\]\((\/api\/[\w/.-]+|#[\w-]+)\)/g, '<a href="$2">$1</a>')
    .replace(/(^|\s)\*([^*\s][^*]*)\*/g, '$1<em>$2</em>')
}

/** A whole page in English that loads one style sheet and nothing else. */
export function page(title: string, body: string): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(title)} · Slipway</title>`,
    '<link rel="stylesheet" href="/api/docs/style.css">',
    '</head>',
    '<body>',
    body,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

/** What these pages may do: load their style sheet, and nothing else. */
export const READING_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The style sheet of the pages that are only read: light and dark, from 360 px on. */
export const READING_STYLE = `:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2430, #e4e9f0);
  --soft: light-dark(#55606f, #a3aebd);
  --line: light-dark(#d9dee6, #323b48);
  --paper: light-dark(#ffffff, #12171e);
  --raised: light-dark(#f5f7fa, #1a212b);
  --accent: light-dark(#0b5cad, #7db8f5);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 62rem;
  padding: 1rem;
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--accent); }
a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h1 { font-size: 1.75rem; line-height: 1.2; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
h3 { margin: 0; font-size: 1.05rem; }
h4 { margin: 1rem 0 .25rem; font-size: .95rem; }
code, pre { font: .875em/1.5 ui-monospace, monospace; }
code { background: var(--raised); border-radius: .25rem; padding: .1em .3em; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: .4rem; padding: .75rem; overflow-x: auto; }
pre code { background: none; padding: 0; overflow-wrap: normal; }
section.operation { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; padding: 1rem; }
.where { display: block; margin: .25rem 0 .5rem; }
.method { font-weight: 700; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem .4rem 0; text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
td:first-child { white-space: nowrap; }
nav ul { columns: 16rem; padding-left: 1.1rem; }
.soft { color: var(--soft); }
@media (max-width: 30rem) {
  td:first-child { white-space: normal; }
  section.operation { padding: .75rem; }
}
`
