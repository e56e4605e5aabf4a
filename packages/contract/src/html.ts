const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Returns text made safe for HTML element content and quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character])

/** What stands on a page; `body` is HTML, `title` is text. */
export interface HtmlPage {
  readonly title: string
  readonly style: string
  readonly body: string
  /** A script of ours, run after the body. Without one the page runs none. */
  readonly script?: string
  /** What the script reads: `JSON.parse(document.getElementById('data').textContent)`. */
  readonly data?: unknown
}

/**
 * Returns one HTML page that needs nothing else and may load nothing: its own policy says so. Data of a script stands in it
 * as JSON in which nothing can end the element.
 */
export function htmlPage({ title, style, body, script, data }: HtmlPage): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; ${script === undefined ? '' : "script-src 'unsafe-inline'; "}base-uri 'none'; form-action 'none'`
  const json = data === undefined ? '' : `<script type="application/json" id="data">${scriptJson(data)}</script>\n`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body id="top">
${body}
${json}${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`
}

const scriptJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
