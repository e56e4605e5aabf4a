import { escapeHtml, type Figure } from '@mlpod/contract'
import { rowsOf } from './columns.ts'
import type { TextTable } from './kind.ts'
import { kinds } from './kinds/index.ts'

/**
 * Returns the figure as SVG text (with its legend, where it has one), drawn without a browser. The colours are CSS custom
 * properties with light defaults (`kind.ts`), so the page's theme recolours it. Width in CSS pixels, 640 by default.
 * Throws `FIGURE_MALFORMED` when the data lack a column of the kind.
 */
export async function toSvg(figure: Figure, { width = 640 }: { width?: number } = {}): Promise<string> {
  const kind = kinds[figure.kind]
  const rows = rowsOf(figure, kind.columns)
  const [plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')])
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const node = plot.plot({
    ...kind.draw(figure, rows, { plot, width }),
    document,
    style: { background: 'transparent', color: 'var(--ink, #1f2328)', fontFamily: 'inherit', fontSize: '12px' },
    ariaLabel: 'title',
    ariaDescription: 'finding',
  })
  // the drawing library writes attributes as they are; names from data are escaped here
  return node.outerHTML.replace(
    'aria-description="finding" aria-label="title"',
    `role="img" aria-label="${escapeHtml(figure.title)}" aria-description="${escapeHtml(figure.alt)}"`,
  )
}

/** Returns the figure's data as a table of text: what a screen reader reads, and what the terminal prints. */
export function toTable(figure: Figure): TextTable {
  const kind = kinds[figure.kind]
  return kind.table(figure, rowsOf(figure, kind.columns))
}

/** Returns the figure for a terminal: title, table, caption; lines no longer than `width` columns (80 by default). */
export function toText(figure: Figure, { width = 80 }: { width?: number } = {}): string {
  const { headers, rows } = toTable(figure)
  const widths = headers.map((header, j) => Math.max(header.length, ...rows.map((row) => row[j].length)))
  const row = (cells: readonly string[]): string =>
    `  ${cells.map((cell, j) => cell.padEnd(widths[j])).join('  ')}`.trimEnd().slice(0, width)
  return [figure.title, row(headers), ...rows.map(row), figure.caption].join('\n')
}

/** Returns the figure as one HTML `<figure>`: drawn for wide and for narrow screens, with its table folded below. */
export async function toHtml(figure: Figure): Promise<string> {
  const [wide, narrow] = [await toSvg(figure, { width: 760 }), await toSvg(figure, { width: 340 })]
  const { headers, rows } = toTable(figure)
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')
  return `<figure class="figure" aria-label="${escapeHtml(figure.title)}">
<figcaption><strong>${escapeHtml(figure.title)}</strong><span>${escapeHtml(figure.alt)}</span></figcaption>
<div class="wide">${wide}</div><div class="narrow">${narrow}</div>
<details><summary>Table</summary><div class="scroll"><table><thead><tr>${cells('th', headers)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')}</tbody></table></div></details>
<small>${escapeHtml(figure.caption)}</small>
</figure>`
}
