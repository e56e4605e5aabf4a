import { formatNumber, formatRate } from '../format.ts'
import { colour, type Kind } from '../kind.ts'

/** Observed frequency against mean predicted probability in bins, with Wilson intervals; hollow where n < 10. */
export const reliability: Kind = {
  columns: ['mean', 'frequency', 'lower', 'upper', 'n'],
  draw(figure, rows, { plot, width }) {
    const side = Math.min(width, 460)
    const most = Math.max(...rows.map((row) => row.n as number), 1)
    return {
      width: side,
      height: side * 0.86,
      marginBottom: 42,
      marginLeft: 46,
      x: { label: `${figure.encoding?.x ?? 'predicted probability'} →`, domain: [0, 1], ticks: 5 },
      y: { label: '↑ observed frequency', domain: [0, 1], ticks: 5, grid: true },
      marks: [
        plot.rectY(rows, {
          x: 'mean',
          y1: 0,
          y2: (row) => ((row.n as number) / most) * 0.14,
          fill: colour.line,
          interval: 0.02,
        }),
        plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: colour.faint, strokeDasharray: '4 3' },
        ),
        plot.ruleX(rows, { x: 'mean', y1: 'lower', y2: 'upper', stroke: colour.first, strokeWidth: 1.5 }),
        plot.dot(rows, {
          x: 'mean',
          y: 'frequency',
          r: 4,
          stroke: colour.first,
          fill: (row) => ((row.n as number) < 10 ? 'var(--page, #fff)' : colour.first),
        }),
      ],
    }
  },
  table: (_figure, rows) => ({
    headers: ['mean predicted', 'observed', 'interval', 'n'],
    rows: rows.map((row) => [
      formatRate(row.mean as number),
      formatRate(row.frequency as number),
      `[${formatRate(row.lower as number)}, ${formatRate(row.upper as number)}]`,
      formatNumber(row.n as number),
    ]),
  }),
}
