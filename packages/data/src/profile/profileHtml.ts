import { escapeHtml, htmlPage } from '@mlpod/contract'
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
  return htmlPage({
    title,
    style: pageStyle,
    script: pageScript,
    data: shown,
    body: `<nav aria-label="Sections"></nav>
<main>
<p class="kicker">data profile</p>
<h1>${escapeHtml(title)}</h1>
<noscript><p class="note">This page draws itself with a script, which this browser does not run.</p></noscript>
</main>`,
  })
}
