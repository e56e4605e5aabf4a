import type { Figure } from '@mlpod/contract'
import type { Row } from '../columns.ts'
import { formatNumber, formatRate } from '../format.ts'
import { colour, type Kind, type TextTable, verdictColour, verdictGlyph } from '../kind.ts'

const label = (row: Row): string => `${row.group}`

/** A dot with its interval for each group, on one axis with the promised level as a rule, or each row's own as a tick. */
const dots = (
  figure: Figure,
  rows: readonly Row[],
  plot: Parameters<Kind['draw']>[2]['plot'],
  width: number,
): ReturnType<Kind['draw']> => {
  const threshold = figure.encoding?.threshold
  const own = rows.filter((row) => typeof row.threshold === 'number')
  const faceted = rows.some((row) => row.metric !== undefined)
  const facet = faceted ? { fy: 'metric' } : {}
  const longest = Math.max(...rows.map((row) => label(row).length), 4)
  const groups = new Set(rows.map(label)).size
  const panels = faceted ? new Set(rows.map((row) => row.metric)).size : 1
  return {
    width,
    height: Math.max(110, panels * (groups * 26 + 22) + 46),
    marginTop: 8,
    marginBottom: 42,
    marginLeft: Math.min(width * 0.4, longest * 7.2 + 16),
    marginRight: faceted ? Math.min(width * 0.3, 150) : 56,
    x: { label: `${figure.encoding?.x ?? 'estimate'} →`, grid: true, nice: true, ticks: width < 480 ? 4 : 7 },
    y: { label: null, domain: [...new Set(rows.map(label))] },
    ...(faceted ? { fy: { label: null, domain: [...new Set(rows.map((row) => row.metric))] } } : {}),
    marks: [
      ...(typeof threshold === 'number'
        ? [plot.ruleX([threshold], { stroke: colour.ink, strokeDasharray: '4 3' })]
        : []),
      plot.tickX(own, { ...facet, y: label, x: 'threshold', stroke: colour.ink, strokeWidth: 1.5, inset: 2 }),
      plot.ruleY(rows, {
        ...facet,
        y: label,
        x1: 'lower',
        x2: 'upper',
        stroke: (row: Row) => verdictColour(row.verdict),
        strokeWidth: 2,
      }),
      plot.dot(rows, { ...facet, y: label, x: 'estimate', r: 4.5, fill: (row: Row) => verdictColour(row.verdict) }),
      ...(faceted
        ? []
        : [
            plot.text(rows, {
              y: label,
              frameAnchor: 'right',
              dx: 50,
              textAnchor: 'end',
              text: (row: Row) => `${verdictGlyph(row.verdict)} n ${formatNumber(row.n as number)}`,
              fill: (row: Row) => (row.verdict ? verdictColour(row.verdict) : colour.faint),
            }),
          ]),
    ],
  }
}

const table = (figure: Figure, rows: readonly Row[]): TextTable => ({
  headers: [
    ...(rows.some((r) => r.metric !== undefined) ? ['metric'] : []),
    'group',
    `${figure.encoding?.x ?? 'estimate'}`,
    'interval',
    'n',
    ...(rows.some((r) => r.verdict) ? ['verdict'] : []),
  ],
  rows: rows.map((row) => [
    ...(row.metric !== undefined ? [`${row.metric}`] : []),
    label(row),
    formatRate(row.estimate as number),
    `[${formatRate(row.lower as number)}, ${formatRate(row.upper as number)}]`,
    formatNumber(row.n as number),
    ...(row.verdict ? [`${verdictGlyph(row.verdict)} ${row.verdict}`] : []),
  ]),
})

/** Coverage of prediction sets in each group with Clopper-Pearson intervals and the promised level. */
export const coverageByGroup: Kind = {
  columns: ['group', 'estimate', 'lower', 'upper', 'n'],
  draw: (figure, rows, { plot, width }) => dots(figure, rows, plot, width),
  table,
}

/** Rates of each group, one panel a metric. */
export const groupMetrics: Kind = {
  columns: ['metric', 'group', 'estimate', 'lower', 'upper', 'n'],
  draw: (figure, rows, { plot, width }) => dots(figure, rows, plot, width),
  table,
}
