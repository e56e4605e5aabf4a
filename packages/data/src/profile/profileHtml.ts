import { pageScript } from './pageScript.ts'
import { pageStyle } from './pageStyle.ts'
import type { Profile } from './types.ts'

/**
 * Returns a profile as one HTML page that needs nothing else: it draws itself from the embedded JSON, each column when it comes into
 * view, light or dark as the reader's system. Values stand in it as text only, and the page may load nothing (its own policy says so).
 */
export function profileHtml(profile: Profile, { title = 'Table' }: { readonly title?: string } = {}): string {
  // sketches are for machines, and a page is for people
  const shown = { ...profile, columns: profile.columns.map((column) => ({ ...column, sketch: null })) }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${escaped(title)}</title>
<style>${pageStyle}</style>
</head>
<body id="top">
<nav aria-label="Sections"></nav>
<main>
<p class="kicker">data profile</p>
<h1>${escaped(title)}</h1>
<noscript><p class="note">This page draws itself with a script, which this browser does not run.</p></noscript>
</main>
<script type="application/json" id="profile">${embedded(shown)}</script>
<script>${pageScript}</script>
</body>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character])

/** JSON in which nothing can end the element that it stands in. */
const embedded = (value: unknown): string =>
  JSON.stringify(value).replace(/[<\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
