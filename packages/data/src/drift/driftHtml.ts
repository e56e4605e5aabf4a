import { escapeHtml, htmlPage } from '@mlpod/contract'
import type { ColumnDrift, DriftReport } from './drift.ts'

const short = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(3)))
const percent = (share: number): string => `${Number((100 * share).toPrecision(2))}\u00a0%`

const STYLE = `
:root{color-scheme:light dark;--page:light-dark(#fff,#0d1117);--ink:light-dark(#1f2328,#e6edf3);--faint:light-dark(#57606a,#9198a1);--line:light-dark(#d8dee4,#30363d);--pass:light-dark(#1a7f37,#3fb950);--fail:light-dark(#cf222e,#f85149);--error:light-dark(#9a6700,#d29922);--before:light-dark(#8c959f,#6e7681);--now:light-dark(#0969da,#4493f8)}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:24px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
.verdict{font-weight:600}.sub{color:var(--faint);margin:0 0 8px}
.key{display:flex;gap:20px;color:var(--faint);font-size:13px;margin:0 0 16px}
.key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px}
ul{list-style:none;margin:0;padding:0}
li{display:grid;grid-template-columns:92px minmax(0,1fr) 260px;gap:4px 20px;padding:14px 4px;border-top:1px solid var(--line);align-items:start}
.s{font-weight:600;font-size:13px;line-height:22px}.drifted{color:var(--fail)}.as-before{color:var(--pass)}.none{color:var(--error)}
.t{font-weight:600;overflow-wrap:anywhere}.f{color:var(--faint);font-size:14px;overflow-wrap:anywhere}
svg{width:100%;height:72px;display:block}.before{fill:var(--before)}.now{fill:var(--now)}
.range{display:flex;justify-content:space-between;gap:12px;color:var(--faint);font-size:12px;font-variant-numeric:tabular-nums}
.range span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
@media(max-width:700px){main{padding:20px 14px 48px}li{grid-template-columns:minmax(0,1fr)}}
`

/** Bars of both sides next to each other, in the same scale. */
function picture({ column, histogram }: ColumnDrift): string {
  if (!histogram) return ''
  const { reference, current, edges, keys } = histogram
  const shown = Math.min(reference.length, 20)
  const most = Math.max(...reference.slice(0, shown), ...current.slice(0, shown), 1e-9)
  const width = 260 / shown
  const bar = (share: number, x: number, side: string, name: string): string => {
    const height = Math.max(share > 0 ? 1 : 0, (share / most) * 68)
    return `<rect class="${side}" x="${x.toFixed(1)}" y="${(72 - height).toFixed(1)}" width="${(0.38 * width).toFixed(1)}" height="${height.toFixed(1)}" rx="1"><title>${escapeHtml(name)}: ${percent(share)}</title></rect>`
  }
  const bars = Array.from({ length: shown }, (_, i) => {
    const name = keys?.[i] ?? `${short(edges![i])} to ${short(edges![i + 1])}`
    return (
      bar(reference[i], i * width + 0.1 * width, 'before', name) +
      bar(current[i], i * width + 0.52 * width, 'now', name)
    )
  })
  const ends = edges ? [short(edges[0]), short(edges[edges.length - 1])] : [keys![0] ?? '', keys![shown - 1] ?? '']
  const said = `shares of ${column}, reference beside current`
  return `<svg viewBox="0 0 260 72" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(said)}">${bars.join('')}</svg><div class="range"><span>${escapeHtml(ends[0])}</span><span>${escapeHtml(ends[1])}</span></div>`
}

function item(column: ColumnDrift): string {
  const { drifted, status, gives, score, corrected, threshold, method, missing, message, kind } = column
  const [word, look] = drifted
    ? ['drifted', 'drifted']
    : status === 'compared'
      ? ['as before', 'as-before']
      : [status, 'none']
  const value = corrected ?? score
  const facts = [
    value === null
      ? message
      : `${gives === 'p-value' ? 'p' : 'distance'} ${short(value)}, threshold ${short(threshold)}, ${method}`,
    missing.reference + missing.current > 0
      ? `missing ${percent(missing.reference)}, now ${percent(missing.current)}`
      : '',
  ]
  return `<li><div class="s ${look}">${word}</div><div><div class="t">${escapeHtml(column.column)}</div><div class="f">${kind}: ${escapeHtml(facts.filter(Boolean).join('; '))}</div></div><div>${picture(column)}</div></li>`
}

/**
 * Returns a drift report as one self-contained page: the verdict first, then every column with its shares on both sides, what drifted at the top. Nothing is loaded from
 * elsewhere, and data stands on the page as text alone.
 */
export function driftHtml(report: DriftReport, { title = 'Drift' }: { readonly title?: string } = {}): string {
  const { drifted, compared, datasetDrifted, columns } = report
  const listed = [true, false].flatMap((first) => columns.filter((column) => column.drifted === first))
  return htmlPage({
    title,
    style: STYLE,
    body: `<main>
<h1>${escapeHtml(title)} <span class="verdict ${datasetDrifted ? 'drifted' : 'as-before'}">${datasetDrifted ? 'drifted' : 'not drifted'}</span></h1>
<p class="sub">${drifted} of ${compared} columns drifted</p>
<p class="key"><span><i style="background:var(--before)"></i>reference</span><span><i style="background:var(--now)"></i>current</span></p>
<ul>
${listed.map(item).join('\n')}
</ul>
</main>`,
  })
}
