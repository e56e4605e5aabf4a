import type { Row } from '../columns.ts'
import { formatNumber, formatRate } from '../format.ts'
import { colour, type Kind } from '../kind.ts'

/** Share of rows by size of their prediction set, with the coverage inside each size written on the bar. */
export const setSizes: Kind = {
  columns: ['size', 'n', 'coverage'],
  draw(_figure, rows, { plot, width }) {
    const total = rows.reduce((sum, row) => sum + (row.n as number), 0) || 1
    const share = (row: Row): number => (row.n as number) / total
    return {
      width,
      height: rows.length * 34 + 50,
      marginTop: 8,
      marginBottom: 42,
      marginLeft: 110,
      marginRight: 30,
      x: { label: '% of rows →', domain: [0, 100], percent: true, grid: true, ticks: 5 },
      y: { label: null, domain: rows.map((row) => row.size) },
      marks: [
        plot.barX(rows, { y: 'size', x: share, fill: colour.first, inset: 3 }),
        plot.text(rows, {
          y: 'size',
          x: share,
          dx: 6,
          textAnchor: 'start',
          text: (row: Row) => (share(row) > 0.55 ? '' : setText(row)),
          fill: colour.ink,
        }),
        plot.text(rows, {
          y: 'size',
          x: share,
          dx: -8,
          textAnchor: 'end',
          text: (row: Row) => (share(row) > 0.55 ? setText(row) : ''),
          fill: 'var(--on-series, #fff)',
        }),
        plot.ruleX([0], { stroke: colour.ink }),
      ],
    }
  },
  table: (_figure, rows) => ({
    headers: ['set', 'n', 'coverage'],
    rows: rows.map((row) => [`${row.size}`, formatNumber(row.n as number), formatRate(row.coverage as number | null)]),
  }),
}

const setText = (row: Row): string =>
  (row.n as number) === 0
    ? 'no cases'
    : `${formatNumber(row.n as number)} rows${row.coverage === null ? '' : `, covered ${formatRate(row.coverage as number)}`}`

/** Mean size of the attributions of each feature, largest first, the rest in one row. */
export const attributions: Kind = {
  columns: ['feature', 'value'],
  draw(figure, rows, { plot, width }) {
    const longest = Math.max(...rows.map((row) => `${row.feature}`.length), 4)
    return {
      width,
      height: rows.length * 24 + 50,
      marginTop: 8,
      marginBottom: 42,
      marginLeft: Math.min(width * 0.42, longest * 7 + 14),
      marginRight: 52,
      x: { label: `${figure.encoding?.x ?? 'mean |attribution|'} →`, grid: true, ticks: width < 480 ? 4 : 7 },
      y: { label: null, domain: rows.map((row) => row.feature) },
      marks: [
        plot.barX(rows, { y: 'feature', x: 'value', fill: colour.first, inset: 2 }),
        plot.text(rows, {
          y: 'feature',
          x: 'value',
          dx: 6,
          textAnchor: 'start',
          text: (row: Row) => formatRate(row.value as number),
          fill: colour.faint,
        }),
        plot.ruleX([0], { stroke: colour.ink }),
      ],
    }
  },
  table: (figure, rows) => ({
    headers: ['feature', `${figure.encoding?.x ?? 'mean |attribution|'}`],
    rows: rows.map((row) => [`${row.feature}`, formatNumber(row.value as number)]),
  }),
}
