/**
 * The script of a profile's page: it draws the embedded JSON, a column when it comes into view. Texts are only ever set as the text of
 * nodes, so that no value is read as HTML.
 */
export const pageScript = String.raw`
'use strict'
const P = JSON.parse(document.getElementById('data').textContent)
const none = '\u2013'
const make = (space) => (tag, attributes, ...children) => {
  const node = space ? document.createElementNS(space, tag) : document.createElement(tag)
  for (const [key, value] of Object.entries(attributes || {})) if (value !== undefined) node.setAttribute(key, value)
  node.append(...children.flat().filter((child) => child !== undefined && child !== null))
  return node
}
const h = make()
const s = make('http://www.w3.org/2000/svg')
const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f')
const number = (x) => {
  if (x === null || x === undefined) return none
  if (typeof x === 'string') return x
  if (Number.isInteger(x) && Math.abs(x) < 1e9) return (x < 0 ? '\u2212' : '') + grouped(Math.abs(x))
  const size = Math.abs(x)
  const text = size !== 0 && (size < 1e-4 || size >= 1e9) ? x.toExponential(2) : String(Number(x.toPrecision(4)))
  return text.replace('-', '\u2212').replace('e+', 'e')
}
const percent = (x) => x === 0 ? '0\u202f%' : x < 0.001 ? '<\u202f0.1\u202f%' : Number((100 * x).toPrecision(3)) + '\u202f%'
const isDate = (column) => column.role === 'date'
const moment = (ms) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ').replace(' 00:00', '')
const edge = (column, x) => (isDate(column) ? moment(x) : number(x))
const shown = (value) => value === null ? '(hidden)' : value === '' ? '(empty)' : String(value)
const facts = (pairs, one) => h('dl', { class: one ? 'facts one' : 'facts' }, pairs.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]))

function histogram(column, { edges, counts }) {
  const most = Math.max(...counts)
  const bars = counts.map((count, i) => {
    const height = count === 0 ? 0 : Math.max(1, 96 * count / most)
    return s('rect', { x: i * 100 / counts.length, width: 100 / counts.length - (counts.length > 60 ? 0.1 : 0.3), y: 96 - height, height },
      s('title', {}, edge(column, edges[i]) + ' to ' + edge(column, edges[i + 1]) + ': ' + grouped(count)))
  })
  return h('div', { class: 'histogram' }, s('svg', { viewBox: '0 0 100 96', preserveAspectRatio: 'none', role: 'img', 'aria-label': 'histogram of ' + column.name }, bars),
    h('div', { class: 'axis' }, h('span', {}, edge(column, edges[0])), h('span', {}, edge(column, edges[edges.length - 1]))))
}
function bars(items, total, rest) {
  const all = rest > 0 ? [...items, { rest: true, value: 'all others', count: rest }] : items
  const most = Math.max(1, ...items.map((item) => item.count))
  return h('div', { class: 'bars' }, all.flatMap(({ value, count, rest }) => [
    h('span', { class: rest ? 'label rest' : 'label', title: shown(value) }, typeof value === 'number' ? number(value) : shown(value)),
    h('i', { style: 'width:' + Math.min(100, 100 * count / most) + '%' }),
    h('span', { class: 'count' }, grouped(count) + (total ? ' \u00b7 ' + percent(count / total) : ''))]))
}
const titled = (title, node) => h('div', {}, h('h4', {}, title), node)
const range = (a, b) => number(a) + ' to ' + number(b)

function card(column) {
  const { number: n, text, date } = column
  const pairs = [['missing', column.missing === 0 ? '0' : h('span', { title: grouped(column.missing) + ' rows' }, percent(column.missingShare))]]
  if (column.distinct !== null) pairs.push(['distinct', grouped(column.distinct) + (column.isUnique ? ' (all)' : '')])
  const more = []
  if (n) {
    pairs.push(['mean', number(n.mean)], ['sd', number(n.sd)], ['min', number(n.min)], ['max', number(n.max)],
      ['median', number(n.quantiles && n.quantiles[2])], ['zeros', n.zeros === 0 ? '0' : percent(n.zerosShare)])
    const names = ['5 %', '25 %', '50 %', '75 %', '95 %']
    if (n.quantiles) more.push(titled('quantiles', facts(n.quantiles.map((q, i) => [names[i], number(q)]), true)))
    more.push(titled('shape', facts([['range', number(n.range)], ['iqr', number(n.iqr)], ['mad', number(n.mad)], ['cv', number(n.cv)],
      ['skewness', number(n.skewness)], ['kurtosis', number(n.kurtosis)], ['variance', number(n.variance)], ['sum', number(n.sum)]], true)))
    more.push(titled('counts', facts([['negative', grouped(n.negative)], ['infinite', grouped(n.infinite)], ['NaN', grouped(column.nan)],
      ['values that occur once', grouped(column.unique)], ['order of rows', { '2': 'strictly ascending', '1': 'ascending', '0': 'none', '-1': 'descending', '-2': 'strictly descending' }[n.monotonic]]], true)))
  }
  if (text) {
    pairs.push(['length', range(text.minLength, text.maxLength)], ['mean length', number(text.meanLength)])
    const c = text.content
    if (c) {
      for (const [title, list] of [['words', c.words], ['shapes (9 a digit, A a letter)', c.shapes], ['characters', c.characterCounts], ['first characters', c.firstCharacters], ['kinds of characters', c.categories], ['scripts', c.scripts]])
        if (list.length > 0) more.push(titled(title, bars(list.slice(0, 10), 0, 0)))
      if (c.examined < column.distinct) more.push(h('p', { class: 'note' }, 'of the ' + grouped(c.examined) + ' most frequent values'))
    }
    const widths = text.lengths
    if (widths.length > 1) more.push(titled('lengths', bars(widths.slice(0, 12).map(([value, count]) => ({ value, count })), 0, 0)))
  }
  if (date) pairs.push(['first', date.min || none], ['last', date.max || none])
  if (date && date.infinite > 0) pairs.push(['infinite', grouped(date.infinite)])
  const drawn = (n && column.role === 'number' && n.histogram) || (date && date.histogram)
  const often = column.top.length > 0 && (!drawn || column.top[0].count >= Math.max(2, column.rows / 100))
  const top = often ? bars(column.top.slice(0, 10), column.rows, column.others) : undefined
  if (drawn && top) more.push(titled('most frequent', top))
  const picture = drawn ? histogram(column, drawn) : top
  return [h('div', { class: 'body' }, facts(pairs, pairs.length < 4 || date), picture || h('p', { class: 'note' }, column.role === 'unsupported' ? 'Values of this type are not looked into.' : column.count === 0 ? 'There is no value.' : 'Values are not shown.')),
    more.length > 0 ? h('details', { class: 'more' }, h('summary', {}, 'more'), h('div', { class: 'columns' }, more)) : undefined]
}

const mix = (value, strong) => 'color-mix(in oklab,' + strong + ' ' + Math.round(100 * Math.abs(value)) + '%,var(--page))'
function heat({ columns, values }) {
  const dense = columns.length > 18
  const table = h('table', { class: dense ? 'heat dense' : 'heat' })
  table.append(h('thead', {}, h('tr', {}, h('th', {}), columns.map((name) => h('th', { scope: 'col', title: name }, h('span', {}, name))))))
  table.append(h('tbody', {}, columns.map((name, i) => h('tr', {}, h('th', { scope: 'row', title: name }, name), columns.map((other, j) => {
    const value = values[i][j]
    if (i === j) return h('td', {}, '')
    const said = value === null ? none : value.toFixed(2).replace(/^-0.00$/, '0.00').replace('-', '\u2212')
    return h('td', { title: name + ', ' + other + ': ' + said, style: value === null ? undefined : 'background:' + mix(value, value < 0 ? 'var(--series-2)' : 'var(--series-1)') + (Math.abs(value) > 0.6 ? ';color:var(--page)' : '') }, said)
  })))))
  return h('div', { class: 'scroll' }, table)
}
const names = { auto: 'automatic', pearson: 'Pearson', spearman: 'Spearman', kendall: 'Kendall', cramers: "Cram\u00e9r's V", cramersPlain: "Cram\u00e9r's V, plain", phik: '\u03c6k' }
function associations({ methods, rows, allRows }) {
  const place = h('div', {})
  const buttons = Object.keys(methods).map((method) => {
    const button = h('button', { type: 'button', 'aria-pressed': 'false' }, names[method] || method)
    button.onclick = () => {
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button))
      place.replaceChildren(heat(methods[method]))
    }
    return button
  })
  if (buttons[0]) buttons[0].onclick()
  return [h('div', { class: 'tools' }, buttons), place, h('p', { class: 'note' }, 'From ' + grouped(rows) + ' rows' + (allRows ? '.' : ', every so many-th of the table.') + (methods.auto ? ' Automatic: Spearman between numbers, Cram\u00e9r\u2019s V where a category takes part.' : ''))]
}
function missing({ columns, matrix, correlation }) {
  const shares = P.columns.filter((column) => column.missing > 0).sort((a, b) => b.missing - a.missing)
  const [wide, high] = [columns.length, matrix.length]
  const cells = matrix.flatMap((row, y) => row.map((share, x) => share === 0 ? undefined : s('rect', { x: x + 0.03, y, width: 0.94, height: 1, fill: 'var(--series-2)', 'fill-opacity': share }, s('title', {}, columns[x] + ': ' + percent(share)))))
  return [bars(shares.slice(0, 30).map(({ name, missing }) => ({ value: name, count: missing })), P.table.rows, 0),
    h('h4', { style: 'margin-top:20px' }, 'where in the table: rows from top to bottom, ' + (wide === 1 ? columns[0] : 'columns ' + columns.slice(0, 12).join(', ') + (wide > 12 ? ', \u2026' : ''))),
    s('svg', { class: 'matrix', viewBox: '0 0 ' + wide + ' ' + high, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'where values are missing' }, cells),
    wide > 1 ? [h('h4', { style: 'margin-top:20px' }, 'missing together: correlation'), heat({ columns, values: correlation })] : undefined]
}
function interactions(list) {
  return h('div', { class: 'grids' }, list.map(({ x, y, xEdges, yEdges, counts }) => {
    const most = Math.max(...counts.flat())
    const size = counts.length
    const cells = counts.flatMap((row, j) => row.map((count, i) => count === 0 ? undefined : s('rect', { x: i, y: size - 1 - j, width: 1.02, height: 1.02, fill: 'var(--series-1)', 'fill-opacity': (0.12 + 0.88 * Math.sqrt(count / most)).toFixed(2) }, s('title', {}, grouped(count)))))
    return h('figure', {}, s('svg', { viewBox: '0 0 ' + size + ' ' + size, role: 'img', 'aria-label': y + ' by ' + x }, cells),
      h('figcaption', {}, h('b', {}, y), ' (' + range(yEdges[0], yEdges[size]) + ') by ', h('b', {}, x), ' (' + range(xEdges[0], xEdges[size]) + ')'))
  }))
}
const pValue = (test) => test === null ? none : test.pValue < 0.001 ? '<\u20090.001' : number(test.pValue)
function inTime(time) {
  const unit = (x) => x === null ? none : number(x) + (time.first && time.first.includes('-') ? ' s' : '')
  const wave = (values) => {
    const [w, m] = [Math.max(1, values.length), 20]
    return s('svg', { viewBox: '0 -' + m + ' ' + w + ' ' + 2 * m, preserveAspectRatio: 'none', width: 180, height: 36, role: 'img', 'aria-label': 'autocorrelation' }, s('line', { x1: 0, x2: w, y1: 0, y2: 0, stroke: 'var(--line)', 'vector-effect': 'non-scaling-stroke' }),
      s('polyline', { points: values.map((r, i) => i + ',' + (-m * r).toFixed(2)).join(' '), fill: 'none', stroke: 'var(--series-1)', 'stroke-width': 1.5, 'vector-effect': 'non-scaling-stroke' }))
  }
  return [facts([['from', time.first || none], ['to', time.last || none], ['median step', unit(time.medianStep)], ['mean step', unit(time.meanStep)], ['gaps', grouped(time.gaps)], ['same time as before', grouped(time.repeated)]], true),
    time.longestGaps.length > 0 ? h('details', { class: 'more' }, h('summary', {}, 'longest gaps'), h('table', { class: 'plain' }, h('tbody', {}, time.longestGaps.map(({ after, before, length }) => h('tr', {}, h('td', {}, after), h('td', {}, before), h('td', {}, unit(length))))))) : undefined,
    time.series.length > 0 ? h('div', { class: 'scroll', style: 'margin-top:16px' }, h('table', { class: 'plain' }, h('thead', {}, h('tr', {}, ['column', 'autocorrelation', 'stationary', 'p of a unit root', 'p of a level', 'repeats after'].map((title) => h('th', { scope: 'col' }, title)))),
      h('tbody', {}, time.series.map((one) => h('tr', {}, h('td', {}, one.column), h('td', {}, one.autocorrelation.length > 0 ? wave(one.autocorrelation) : none), h('td', {}, one.stationary === null ? none : one.stationary ? 'yes' : 'no'), h('td', {}, pValue(one.dickeyFuller)), h('td', {}, pValue(one.kpss)), h('td', {}, one.periods.length > 0 ? one.periods.slice(0, 3).join(', ') : none)))))) : undefined,
    h('p', { class: 'note' }, 'Unit root: augmented Dickey\u2013Fuller, a small p speaks for a stationary column. Level: KPSS, a small p speaks against it.' + (time.allRows ? '' : ' Of the latest ' + grouped(time.rows) + ' rows.'))]
}
function firstRows(rows) {
  const columns = Object.keys(rows[0])
  return h('div', { class: 'scroll' }, h('table', { class: 'plain' }, h('thead', {}, h('tr', {}, columns.map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, columns.map((name) => row[name] === null ? h('td', { class: 'null' }, none) : h('td', { title: row[name] }, row[name])))))))
}

const main = document.querySelector('main')
const menu = document.querySelector('nav')
const section = (id, title, ...content) => {
  menu.append(h('a', { href: '#' + id }, title))
  const node = h('section', { 'aria-labelledby': id }, h('h2', { id }, title), content.flat(2).filter(Boolean))
  main.append(node)
  return node
}
const t = P.table
menu.append(h('a', { href: '#top' }, 'Overview'))
const roles = Object.entries(t.roles).map(([role, count]) => count + ' ' + role).join(', ')
const tile = (name, value, small) => h('div', {}, h('dt', {}, name), h('dd', {}, value, small ? h('small', {}, small) : undefined))
main.append(h('dl', { class: 'tiles' }, tile('rows', grouped(t.rows)), tile('columns', grouped(t.columns), roles), tile('missing cells', percent(t.cellsMissingShare), t.columnsWithMissing === 0 ? 'in no column' : 'in ' + t.columnsWithMissing + (t.columnsWithMissing === 1 ? ' column' : ' columns')),
  t.duplicates === null ? undefined : tile('repeated rows', grouped(t.repeatedRows), t.duplicates === 0 ? undefined : 'of ' + grouped(t.duplicates) + ' kinds'), tile('alerts', grouped(P.alerts.length))))
const said = { constant: 'constant', unique: 'unique', missing: 'missing', zeros: 'zeros', infinite: 'infinite', skewed: 'skewed', uniform: 'uniform', highCardinality: 'many values', imbalance: 'imbalance', constantLength: 'constant length', unsupported: 'unsupported', duplicates: 'duplicates', empty: 'empty', highCorrelation: 'high correlation', nonStationary: 'not stationary', seasonal: 'seasonal' }
const place = (name) => 'column-' + P.columns.findIndex((column) => column.name === name)
if (P.alerts.length > 0) {
  const items = P.alerts.map(({ code, columns: [first], message }) => {
    const [before, after] = first !== undefined && message.startsWith(first + ': ') ? [first, message.slice(first.length + 2)] : ['', message]
    return h('li', {}, h('b', {}, said[code] || code), h('span', {}, before ? h('a', { href: '#' + place(before) }, before) : undefined, before ? ': ' + after : after))
  })
  const rest = items.splice(12)
  const list = h('ul', { class: 'alerts' }, items)
  const button = rest.length > 0 ? h('button', { type: 'button', style: 'margin-top:10px' }, 'show ' + rest.length + ' more') : undefined
  if (button) button.onclick = () => { list.append(...rest); button.remove() }
  section('alerts', 'Alerts', list, button)
}
const search = h('input', { type: 'search', placeholder: 'find a column', 'aria-label': 'find a column' })
const warned = (name) => P.alerts.filter((alert) => alert.columns[0] === name && alert.code !== 'unique' && alert.code !== 'uniform').map(({ code }) => h('span', { class: 'tag warn' }, said[code] || code))
const draw = (node) => {
  drawing.unobserve(node)
  if (node.children.length === 1) node.append(...card(P.columns[Number(node.id.slice(7))]).filter(Boolean))
}
const drawing = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) draw(target)
}, { rootMargin: '600px' })
const cards = P.columns.map((column, i) => h('article', { class: 'card', id: 'column-' + i, 'aria-label': column.name }, h('header', {}, h('h3', {}, column.name), h('span', { class: 'tag', title: column.sqlType }, column.role), warned(column.name))))
search.oninput = () => { for (const [i, column] of P.columns.entries()) cards[i].hidden = !column.name.toLowerCase().includes(search.value.toLowerCase()) }
section('columns', 'Columns', P.columns.length > 6 ? h('div', { class: 'tools' }, search) : undefined, cards)
for (const node of cards) drawing.observe(node)
for (const node of cards.slice(0, 4)) draw(node)
addEventListener('beforeprint', () => cards.forEach(draw))
const lazy = (id, title, draw) => {
  const node = section(id, title)
  const waiting = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) { waiting.disconnect(); node.append(...[draw()].flat(3).filter(Boolean)) } }, { rootMargin: '600px' })
  waiting.observe(node)
}
if (P.associations && Object.keys(P.associations.methods).length > 0) lazy('associations', 'Associations', () => associations(P.associations))
if (P.interactions.length > 0) lazy('pairs', 'Pairs', () => interactions(P.interactions))
if (P.time) lazy('time', 'In time', () => inTime(P.time))
if (P.missing && P.missing.columns.length > 0) lazy('missing', 'Missing values', () => missing(P.missing))
if (P.first.length > 0) lazy('first', 'First rows', () => firstRows(P.first))
`
