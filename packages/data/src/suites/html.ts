import { htmlPage } from '@mlpod/contract'
import type { SuiteResult } from './suite.ts'
import { expectationWords } from './words.ts'

/**
 * Returns results as one self-contained page: verdicts and counts first, what failed at the top, found by words and by column, a hundred at a
 * time, so that thousands open at once. Nothing is loaded from elsewhere, and data stands on the page as text alone.
 */
export function suiteHtml(...results: readonly SuiteResult[]): string {
  const worst = { error: 0, fail: 1, pass: 2 } as const
  const pages = results.map(({ suite, ok, statistics, results: list }) => ({
    suite,
    ok,
    statistics,
    list: [...list]
      .sort((a, b) => worst[a.status] - worst[b.status])
      .map((one) => {
        const {
          status,
          severity,
          sentence,
          columns,
          sample,
          rows,
          counts,
          details,
          expectation,
          elements,
          missing,
          unexpected,
          byRow,
          notes,
        } = one
        return {
          status,
          severity,
          sentence,
          columns,
          found: expectationWords(one),
          more: {
            sample,
            rows,
            counts,
            details,
            expectation,
            notes,
            counted: byRow ? { elements, missing, unexpected } : undefined,
          },
        }
      }),
  }))
  return htmlPage({
    title: `${results.length === 1 ? results[0].suite : `${results.length} suites`}: expectations`,
    style: STYLE,
    script: SCRIPT,
    data: pages,
    body: '<main id="page"></main>',
  })
}

const STYLE = `
:root{color-scheme:light dark;--page:light-dark(#fff,#0d1117);--panel:light-dark(#f6f8fa,#151b23);--ink:light-dark(#1f2328,#e6edf3);--faint:light-dark(#57606a,#9198a1);--line:light-dark(#d0d7de,#30363d);--pass:light-dark(#1a7f37,#3fb950);--fail:light-dark(#cf222e,#ff7b72);--error:light-dark(#8a5a00,#d29922);--mark:light-dark(#0969da,#58a6ff)}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:24px;line-height:1.25;margin:0;overflow-wrap:anywhere}
.top{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:baseline;margin-bottom:4px}
.verdict{font-weight:600}
.sub{color:var(--faint);margin:0 0 16px}
.bar{display:flex;gap:2px;height:8px;border-radius:4px;overflow:hidden;margin:0 0 20px;background:var(--line)}
.bar span{display:block;min-width:3px}
.tools{display:flex;flex-wrap:wrap;gap:8px;position:sticky;top:0;background:var(--page);padding:10px 0;border-bottom:1px solid var(--line);z-index:1}
.tools button,.tools input,.tools select,.more{font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:6px;padding:5px 12px;min-height:34px}
.tools button{cursor:pointer;white-space:nowrap}
.tools button[aria-pressed=true]{background:var(--ink);color:var(--page);border-color:var(--ink)}
.tools input{flex:1 1 180px;min-width:140px}
.tools select{max-width:220px}
:focus-visible{outline:2px solid var(--mark);outline-offset:1px}
ol{list-style:none;margin:0;padding:0}
li{border-bottom:1px solid var(--line)}
summary{display:grid;grid-template-columns:76px minmax(0,1fr);gap:2px 12px;padding:11px 4px;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary:hover{background:var(--panel)}
.s{font-weight:600;font-size:13px;line-height:22px}
.pass{color:var(--pass)}.fail{color:var(--fail)}.error{color:var(--error)}
.t{font-weight:500;overflow-wrap:anywhere}
.f{grid-column:2;color:var(--faint);overflow-wrap:anywhere;font-size:14px}
.tag{display:inline-block;border:1px solid var(--line);border-radius:10px;padding:0 8px;margin-left:8px;font-size:12px;font-weight:400;color:var(--faint);vertical-align:1px}
.d{padding:4px 4px 18px 92px;display:grid;gap:14px}
.d h2{font-size:13px;margin:0 0 4px;color:var(--faint);font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:3px 16px 3px 0;border-bottom:1px solid var(--line);vertical-align:top;white-space:pre-wrap;overflow-wrap:anywhere;max-width:420px}
th{color:var(--faint);font-weight:500}
td.n,th.n{text-align:right}
pre{margin:0;font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);padding:10px 12px;border-radius:6px}
.wide{min-width:60%}.bars{width:40%;min-width:140px;padding-top:7px}.share{height:6px;border-radius:2px;margin-bottom:2px}
.null{color:var(--faint);font-style:italic}
.more{display:block;margin:20px auto 0;cursor:pointer;padding:7px 18px}
[hidden]{display:none!important}
.none{color:var(--faint);padding:28px 4px}
@media(max-width:600px){main{padding:20px 14px 48px}summary{grid-template-columns:minmax(0,1fr);gap:0}.f{grid-column:1}.d{padding-left:4px}.tools{position:static}}
@media print{.tools,.more{display:none}}
`

/** The page draws itself from its data: plain functions of the document, no text is ever taken for markup. */
const SCRIPT = `
const pages = JSON.parse(document.getElementById('data').textContent)
const root = document.getElementById('page')
const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props)
  for (const child of children) if (child !== undefined && child !== null) node.append(child)
  return node
}
const STEP = 100
const WORDS = { pass: 'holds', fail: 'failed', error: 'error' }
const state = { page: 0, status: 'all', text: '', column: '', shown: STEP }
const number = (n) => n.toLocaleString('en')
const cell = (value, columns) => {
  const plain = value === null ? 'missing' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return make('td', { className: (value === null ? 'null ' : '') + (typeof value === 'number' ? 'n' : ''), textContent: plain === '' ? '(empty)' : plain })
}
const table = (heads, rows) => make('div', { className: 'scroll' }, make('table', {},
  make('thead', {}, make('tr', {}, ...heads.map((head, i) => make('th', { textContent: head, scope: 'col', className: rows.length > 0 && rows.every((row) => typeof row[i] === 'number') ? 'n' : '' })))),
  make('tbody', {}, ...rows.map((row) => make('tr', {}, ...row.map((value) => cell(value)))))))
const pretty = (value, indent = '') => {
  const text = JSON.stringify(value)
  if (text === undefined || text.length + indent.length < 96 || typeof value !== 'object' || value === null) return text ?? ''
  const inner = indent + '  '
  const parts = Array.isArray(value) ? value.map((one) => inner + pretty(one, inner)) : Object.entries(value).map(([key, one]) => inner + JSON.stringify(key) + ': ' + pretty(one, inner))
  return Array.isArray(value) ? '[\\n' + parts.join(',\\n') + '\\n' + indent + ']' : '{\\n' + parts.join(',\\n') + '\\n' + indent + '}'
}
const percent = (share) => (100 * share).toFixed(1) + ' %'
const shares = ({ observed_partition: seen, expected_partition: wanted }) => {
  const names = seen.values ?? seen.weights.map((_, i) => seen.bins[i] + ' to ' + seen.bins[i + 1])
  const most = Math.max(...seen.weights, ...wanted.weights, 1e-9)
  const bar = (share, color) => make('div', { className: 'share', style: 'width:' + Math.max(share > 0 ? 1 : 0, 100 * share / most) + '%;background:var(--' + color + ')' })
  const body = make('tbody', {}, ...names.slice(0, 60).map((name, i) => make('tr', {}, cell(name),
    make('td', { className: 'n', textContent: percent(wanted.weights[i]) }), make('td', { className: 'n', textContent: percent(seen.weights[i]) }),
    make('td', { className: 'bars' }, bar(wanted.weights[i], 'line'), bar(seen.weights[i], 'mark')))))
  return make('div', { className: 'scroll' }, make('table', { className: 'wide' }, make('thead', {}, make('tr', {}, ...['', 'expected', 'observed', ''].map((textContent, i) => make('th', { textContent, className: i === 1 || i === 2 ? 'n' : '' })))), body))
}
const block = (title, content) => make('section', {}, make('h2', { textContent: title }), content)
const details = (one) => {
  const { sample = [], rows = [], counts = [], details: more, expectation, notes, counted } = one.more
  const body = make('div', { className: 'd' })
  if (counted) body.append(block('Rows', table(['looked at', 'missing', 'unexpected'], [[counted.elements, counted.missing, counted.unexpected]])))
  if (sample.length > 0) {
    const records = typeof sample[0] === 'object' && sample[0] !== null
    const names = records ? Object.keys(sample[0]) : one.columns
    const place = rows.length > 0 ? ['row'] : []
    body.append(block('First unexpected', table([...place, ...names], sample.map((value, i) => [...(rows.length > 0 ? [rows[i]] : []), ...(records ? names.map((name) => value[name]) : [value])]))))
  }
  if (counts.length > 0) body.append(block('Most frequent', table(['value', 'rows'], counts.map(({ value, count }) => [value, count]))))
  if (more && more.observed_partition && more.observed_partition.weights) body.append(block('Shares', shares(more)))
  else if (more !== undefined && more !== null) body.append(block('Found', make('pre', { textContent: pretty(more) })))
  if (notes !== undefined && notes !== null) body.append(block('Notes', make('div', { textContent: [notes].flat().join('\\n') })))
  body.append(block('Expectation', make('pre', { textContent: pretty(expectation) })))
  return body
}
const item = (one) => {
  const node = make('details', {}, make('summary', {},
    make('span', { className: 's ' + one.status, textContent: WORDS[one.status] }),
    make('span', { className: 't' }, one.sentence, one.severity === 'critical' ? undefined : make('span', { className: 'tag', textContent: one.severity })),
    make('span', { className: 'f', textContent: one.found })))
  // drawn when it is opened
  node.addEventListener('toggle', () => { if (node.open && node.children.length === 1) node.append(details(one)) })
  return make('li', {}, node)
}
const list = make('ol')
const more = make('button', { className: 'more', type: 'button' })
const none = make('p', { className: 'none', textContent: 'No expectation is like that.' })
const fits = (one) =>
  (state.status === 'all' || one.status === state.status) &&
  (state.column === '' || one.columns.includes(state.column)) &&
  (state.text === '' || (one.sentence + ' ' + one.found).toLowerCase().includes(state.text))
const drawList = () => {
  const found = pages[state.page].list.filter(fits)
  list.replaceChildren(...found.slice(0, state.shown).map(item))
  none.hidden = found.length > 0
  more.hidden = found.length <= state.shown
  more.textContent = 'Show ' + number(Math.min(STEP, found.length - state.shown)) + ' more of ' + number(found.length)
}
more.addEventListener('click', () => { state.shown += STEP; drawList() })
const change = (next) => { Object.assign(state, next, { shown: STEP }); drawList() }
const draw = () => {
  const { suite, ok, statistics, list: all } = pages[state.page]
  const count = (status) => all.filter((one) => one.status === status).length
  const counts = { error: count('error'), fail: count('fail'), pass: count('pass') }
  const bar = make('div', { className: 'bar', role: 'img', ariaLabel: counts.pass + ' hold, ' + counts.fail + ' failed, ' + counts.error + ' errors' })
  for (const status of ['pass', 'fail', 'error'])
    if (counts[status] > 0) bar.append(make('span', { style: 'flex:' + counts[status] + ' 1 0;background:var(--' + status + ')' }))
  const buttons = [['all', 'All', all.length], ['fail', 'Failed', counts.fail], ['error', 'Errors', counts.error], ['pass', 'Hold', counts.pass]]
    .filter(([status, , n]) => status === 'all' || n > 0)
    .map(([status, word, n]) => {
      const button = make('button', { type: 'button', textContent: word + ' ' + number(n) })
      button.setAttribute('aria-pressed', String(state.status === status))
      button.addEventListener('click', () => { for (const other of buttons) other.setAttribute('aria-pressed', String(other === button)); change({ status }) })
      return button
    })
  const search = make('input', { type: 'search', placeholder: 'Find', ariaLabel: 'Find expectations by words' })
  search.addEventListener('input', () => change({ text: search.value.toLowerCase() }))
  const names = [...new Set(all.flatMap((one) => one.columns))]
  const columns = make('select', { ariaLabel: 'Column' }, make('option', { value: '', textContent: 'All columns' }), ...names.map((name) => make('option', { value: name, textContent: name })))
  columns.addEventListener('change', () => change({ column: columns.value }))
  const tools = make('div', { className: 'tools' }, ...buttons, search, names.length > 1 ? columns : undefined)
  if (pages.length > 1) {
    const suites = make('select', { ariaLabel: 'Suite' }, ...pages.map((page, i) => make('option', { value: String(i), textContent: (page.ok ? '' : 'not fulfilled: ') + page.suite, selected: i === state.page })))
    suites.addEventListener('change', () => { Object.assign(state, { page: Number(suites.value), status: 'all', text: '', column: '', shown: STEP }); draw() })
    tools.prepend(suites)
  }
  root.replaceChildren(
    make('div', { className: 'top' }, make('h1', { textContent: suite }), make('span', { className: 'verdict ' + (ok ? 'pass' : 'fail'), textContent: ok ? 'fulfilled' : 'not fulfilled' })),
    make('p', { className: 'sub', textContent: number(statistics.successful) + ' of ' + number(statistics.evaluated) + ' expectations hold' + (statistics.errors > 0 ? ', ' + number(statistics.errors) + ' could not be tried' : '') }),
    bar, tools, list, none, more)
  drawList()
}
draw()
`
