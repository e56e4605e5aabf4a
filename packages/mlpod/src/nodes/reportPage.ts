import { type Evidence, escapeHtml, type Figure, htmlPage } from '@mlpod/contract'
import { formatNumber, toHtml, verdictGlyph } from '@mlpod/figure'
import { evidenceId } from '@mlpod/promise'

/** What a report holds. */
export interface ReportContent {
  readonly title: string
  /** What the model is for, in a sentence or two. */
  readonly about: string
  readonly evidence: readonly Evidence[]
  /** Facts as rows of two cells: data, model hash, levels. */
  readonly facts: readonly (readonly [string, string])[]
  readonly figures: readonly Figure[]
  /** Honest limits, a sentence each. */
  readonly limits: readonly string[]
}

const rate = (x: number): string => (Number.isFinite(x) && !Number.isInteger(x) ? x.toFixed(3) : formatNumber(x))

/**
 * Returns the report as one HTML page that needs nothing else: no script, no font, no request. It is light or dark as the
 * reader's system, and reads on a phone. The same content gives the same bytes.
 */
export async function reportPage({ title, about, evidence, facts, figures, limits }: ReportContent): Promise<string> {
  const drawn: string[] = []
  for (const figure of figures) drawn.push(await toHtml(figure))
  const count = (verdict: Evidence['verdict']): number => evidence.filter((piece) => piece.verdict === verdict).length
  return htmlPage({
    title,
    style,
    body: `<main>
<header>
<p class="kicker">model report</p>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(about)}</p>
<p class="tally">${chip('kept', count('kept'))}${chip('broken', count('broken'))}${chip('undecided', count('undecided'))}<span>of ${evidence.length} promises</span></p>
</header>
<section aria-labelledby="promises">
<h2 id="promises">Promises</h2>
${promiseTable(evidence)}
<p class="note">kept: the test rejects “the claim is false”. broken: it rejects “the claim is true”. undecided: neither, at this number of rows. All verdicts together are wrong anywhere with at most 5 % probability on each side (Holm), and the interval is at the level that this leaves.</p>
</section>
<section aria-labelledby="figures">
<h2 id="figures">What was measured</h2>
${drawn.join('\n')}
</section>
<section aria-labelledby="limits">
<h2 id="limits">Limits</h2>
<ul>${limits.map((limit) => `<li>${escapeHtml(limit)}</li>`).join('')}</ul>
</section>
<section aria-labelledby="facts">
<h2 id="facts">Where it comes from</h2>
<dl>${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
</section>
</main>`,
  })
}

const chip = (verdict: Evidence['verdict'], n: number): string =>
  `<span class="chip ${n > 0 ? verdict : 'none'}"><b aria-hidden="true">${verdictGlyph(verdict)}</b> ${n} ${verdict}</span>`

/** The statement as print sets it: comparison signs that stay with their number. */
const typeset = (statement: string): string =>
  statement
    .replace(/ >= /g, ' \u2265\u00a0')
    .replace(/ <= /g, ' \u2264\u00a0')
    .replace(/ = (\d)/g, ' =\u00a0$1')

const order = { broken: 0, undecided: 1, kept: 2 } as const

function promiseTable(evidence: readonly Evidence[]): string {
  const rows = [...evidence]
    .sort((a, b) => order[a.verdict] - order[b.verdict] || (a.claim.name < b.claim.name ? -1 : 1))
    .map(promiseRow)
  return `<div class="ledger" role="table" aria-label="Promises"><div class="row head" role="row"><span role="columnheader">promise</span><span role="columnheader">measured</span><span role="columnheader" class="wide">against the claim</span><span role="columnheader" class="number">n</span><span role="columnheader">verdict</span></div>${rows.join('')}</div>`
}

function promiseRow(piece: Evidence): string {
  const { claim, verdict, estimate, lower, upper, n, needs, parts = [], method } = piece
  const interval = lower === upper ? '' : ` <i>[${rate(lower)}, ${rate(upper)}]</i>`
  const shown = parts.length > 1 ? parts : []
  const inner = shown
    .map(
      (part) =>
        `<tr><td>${escapeHtml(part.name)}</td><td>${rate(part.estimate)}</td><td>${part.lower === part.upper ? '' : `[${rate(part.lower)}, ${rate(part.upper)}]`}</td><td>${formatNumber(part.n)}</td><td class="${part.verdict}">${verdictGlyph(part.verdict)} ${part.verdict}</td></tr>`,
    )
    .join('')
  return `<details class="row ${verdict}" role="row"><summary><span role="cell"><strong>${escapeHtml(claim.name)}</strong><small>${escapeHtml(typeset(claim.statement))}</small></span><span role="cell">${rate(estimate)}${interval}</span><span role="cell" class="wide">${bullet(piece)}</span><span role="cell" class="number">${formatNumber(n)}</span><span role="cell" class="verdict"><b aria-hidden="true">${verdictGlyph(verdict)}</b> ${verdict}</span></summary><div class="inner">${inner ? `<div class="scroll"><table><thead><tr><th>part</th><th>measured</th><th>interval</th><th>n</th><th>verdict</th></tr></thead><tbody>${inner}</tbody></table></div>` : ''}<p>${escapeHtml(typeset(method))}.${needs === undefined ? '' : ` About ${formatNumber(Number(needs.toPrecision(2)))} more rows would decide it.`}</p><p class="hash">evidence ${evidenceId(piece).slice(0, 16)}</p></div></details>`
}

/** The estimate (dot) and its interval (bar) beside the threshold (tick), on an axis that fits the three. */
function bullet({ claim, verdict, estimate, lower, upper }: Evidence): string {
  const points = [estimate, lower, upper, claim.threshold]
  if (lower === upper || points.some((x) => !Number.isFinite(x))) return ''
  const [from, to] = [Math.min(...points), Math.max(...points)]
  const x = (value: number): string => (6 + (148 * (value - from)) / (to - from || 1)).toFixed(1)
  return `<svg viewBox="0 0 160 18" width="160" height="18" aria-hidden="true"><line x1="2" x2="158" y1="9" y2="9" stroke="var(--line)"/><line x1="${x(lower)}" x2="${x(upper)}" y1="9" y2="9" stroke="var(--${verdict})" stroke-width="4" stroke-linecap="round"/><line x1="${x(claim.threshold)}" x2="${x(claim.threshold)}" y1="1" y2="17" stroke="var(--ink)" stroke-width="1.5"/><circle cx="${x(estimate)}" cy="9" r="4" fill="var(--page)" stroke="var(--${verdict})" stroke-width="2"/></svg>`
}

const style = `
:root{color-scheme:light dark;--page:light-dark(#fff,#0d1117);--panel:light-dark(#f6f8fa,#151b23);--ink:light-dark(#1f2328,#e6edf3);--faint:light-dark(#57606a,#9198a1);--line:light-dark(#d0d7de,#30363d);--kept:light-dark(#1a7f37,#3fb950);--broken:light-dark(#cf222e,#ff7b72);--undecided:light-dark(#8a5a00,#d29922);--series-1:light-dark(#0072b2,#58a6ff);--series-2:light-dark(#d55e00,#ff9d5c);--series-3:light-dark(#009e73,#3fb9a0);--series-4:light-dark(#a8578a,#e39ac8);--on-series:light-dark(#fff,#0d1117)}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:880px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:30px;line-height:1.2;margin:4px 0 12px;letter-spacing:-.01em}
h2{font-size:20px;margin:48px 0 12px}
.kicker{margin:0;color:var(--faint);font-size:13px;letter-spacing:.06em;text-transform:uppercase}
.lead{margin:0 0 16px;color:var(--faint);max-width:64ch}
.tally{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:0;color:var(--faint)}
.chip{display:inline-flex;gap:6px;padding:2px 12px;border:1px solid currentColor;border-radius:999px;font-weight:600}
.chip.kept,.verdict,.kept .verdict,td.kept{color:var(--kept)}.chip.broken,.broken .verdict,td.broken{color:var(--broken)}.chip.undecided,.undecided .verdict,td.undecided{color:var(--undecided)}.chip.none{color:var(--faint);font-weight:400}
.ledger{border:1px solid var(--line);border-radius:10px;overflow:hidden}
.row summary,.row.head{display:grid;grid-template-columns:minmax(150px,1.5fr) minmax(130px,1fr) 162px 48px 116px;gap:8px 16px;align-items:center;padding:10px 16px}
.row.head{color:var(--faint);font-size:13px;background:var(--panel)}
.row+.row{border-top:1px solid var(--line)}
.row summary{cursor:pointer;list-style:none}.row summary::-webkit-details-marker{display:none}
.row summary:hover{background:var(--panel)}.row summary:focus-visible{outline:2px solid var(--series-1);outline-offset:-2px}
.number{text-align:right}.row svg{display:block}
.row strong::after{content:"\\203a";display:inline-block;margin-left:7px;color:var(--faint);font-weight:400}.row[open] strong::after{transform:rotate(90deg)}
.row small{display:block;color:var(--faint)}.row i{font-style:normal;color:var(--faint)}
.verdict{font-weight:600;white-space:nowrap}
.inner{padding:4px 16px 12px;background:var(--panel);font-size:14px}.inner p{margin:8px 0 0;color:var(--faint)}
.hash{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.note{color:var(--faint);font-size:14px;max-width:76ch}
table{border-collapse:collapse;font-size:14px;width:100%}th,td{padding:4px 12px 4px 0;text-align:left;white-space:nowrap}th{color:var(--faint);font-weight:500}
.scroll{overflow-x:auto}
.figure{margin:0 0 36px;padding:20px 20px 14px;border:1px solid var(--line);border-radius:10px}
.figure figcaption strong{display:block;font-size:17px}.figure figcaption span{display:block;color:var(--faint);margin-bottom:10px}
.figure small{display:block;margin-top:8px;color:var(--faint)}.figure details{font-size:14px;margin-top:6px}.figure summary{color:var(--faint);cursor:pointer}
.figure svg{max-width:100%;height:auto;overflow:visible}.figure .narrow{display:none}
.figure figure{margin:0}
.figure [class*="swatches"]{font-size:13px;margin:0 0 6px}
dl{display:grid;grid-template-columns:minmax(120px,auto) 1fr;gap:6px 20px;margin:0}dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
li{margin:6px 0}
@media (max-width:680px){main{padding:20px 14px 48px}h1{font-size:25px}.row.head{display:none}.row summary{grid-template-columns:1fr auto}.row .wide{display:none}.row summary>span:nth-child(4){display:none}.row summary>span:nth-child(5){grid-row:1;grid-column:2}.figure{padding:14px}.figure .wide{display:none}.figure .narrow{display:block}dl{grid-template-columns:1fr}dt{margin-top:8px}}
@media print{.row summary{break-inside:avoid}.figure{break-inside:avoid}}
`
