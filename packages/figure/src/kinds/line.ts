import { formatNumber } from '../format.ts'
import { type Kind, seriesColours } from '../kind.ts'

/** Series over steps, the end of each labelled; one point is a dot. */
export const line: Kind = {
  columns: ['series', 'x', 'y'],
  draw(figure, rows, { plot, width }) {
    const series = [...new Set(rows.map((row) => `${row.series}`))]
    return {
      width,
      height: 260,
      marginBottom: 42,
      marginLeft: 50,
      marginRight: 20,
      x: { label: `${figure.encoding?.x ?? 'step'} →`, ticks: width < 480 ? 4 : 7 },
      y: {
        label: `↑ ${figure.encoding?.y ?? 'value'}`,
        grid: true,
        nice: true,
        ticks: 5,
        ...(figure.encoding?.scale === 'log' ? { type: 'log' as const } : {}),
      },
      color: { domain: series, range: seriesColours.slice(0, series.length), legend: series.length > 1 },
      marks: [
        plot.line(rows, { x: 'x', y: 'y', stroke: 'series', strokeWidth: 1.8 }),
        plot.dot(rows.length === 1 ? rows : [], { x: 'x', y: 'y', fill: 'series' }),
      ],
    }
  },
  table: (figure, rows) => ({
    headers: ['series', `${figure.encoding?.x ?? 'step'}`, `${figure.encoding?.y ?? 'value'}`],
    rows: rows.map((row) => [`${row.series}`, formatNumber(row.x as number), formatNumber(row.y as number)]),
  }),
}
