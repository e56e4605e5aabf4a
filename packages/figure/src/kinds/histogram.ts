import type { Row } from '../columns.ts'
import { formatNumber } from '../format.ts'
import { colour, type Kind, seriesColours } from '../kind.ts'

/** Normalised histograms of one or more series, one below the other on one axis; `encoding.threshold` draws a rule. */
export const histogram: Kind = {
  columns: ['series', 'from', 'to', 'count'],
  draw(figure, rows, { plot, width }) {
    const series = [...new Set(rows.map((row) => `${row.series}`))]
    const totals = new Map(
      series.map((name) => [
        name,
        rows.filter((row) => row.series === name).reduce((sum, row) => sum + (row.count as number), 0) || 1,
      ]),
    )
    const share = (row: Row): number => (row.count as number) / (totals.get(`${row.series}`) as number)
    const threshold = figure.encoding?.threshold
    return {
      width,
      height: Math.max(220, series.length * 84 + 60),
      marginTop: 24,
      marginBottom: 42,
      marginLeft: 46,
      x: { label: `${figure.encoding?.x ?? 'value'} →`, ticks: width < 480 ? 4 : 7 },
      y: { label: '↑ % of rows', grid: true, percent: true, ticks: series.length > 1 ? 2 : 5 },
      fy: { domain: series, axis: null, padding: 0.16 },
      color: { domain: series, range: seriesColours.slice(0, series.length) },
      marks: [
        plot.rectY(rows, {
          x1: 'from',
          x2: 'to',
          y1: 0,
          y2: share,
          fy: 'series',
          fill: 'series',
          inset: 0.5,
        }),
        plot.text(series, {
          fy: (name: string) => name,
          text: (name: string) => name,
          frameAnchor: 'top-right',
          dx: -4,
          fill: colour.ink,
          stroke: 'var(--page, #fff)',
          strokeWidth: 4,
        }),
        ...(typeof threshold === 'number'
          ? [plot.ruleX([threshold], { stroke: colour.ink, strokeDasharray: '4 3' })]
          : []),
        plot.ruleY([0], { stroke: colour.ink }),
      ],
    }
  },
  table: (_figure, rows) => ({
    headers: ['series', 'from', 'to', 'count'],
    rows: rows.map((row) => [
      `${row.series}`,
      formatNumber(row.from as number),
      formatNumber(row.to as number),
      formatNumber(row.count as number),
    ]),
  }),
}
