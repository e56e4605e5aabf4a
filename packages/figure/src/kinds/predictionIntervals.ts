import type { Row } from '../columns.ts'
import { formatNumber } from '../format.ts'
import { colour, type Kind } from '../kind.ts'

const isNumber = (value: unknown): value is number => typeof value === 'number'

/** Whether the interval of a row holds what happened; null where that is not known. A bound that is missing is infinite. */
const holds = ({ y, lower, upper }: Row): boolean | null =>
  isNumber(y) ? (!isNumber(lower) || lower <= y) && (!isNumber(upper) || y <= upper) : null

/** The band of prediction intervals over a number, the predictions as a line, what happened as dots, those outside marked. */
export const predictionIntervals: Kind = {
  columns: ['x', 'prediction', 'lower', 'upper', 'y'],
  draw(figure, rows, { plot, width }) {
    const sorted = [...rows].sort((a, b) => (a.x as number) - (b.x as number))
    const ends = rows.flatMap(({ lower, upper, y, prediction }) => [lower, upper, y, prediction]).filter(isNumber)
    const [least, most] = [Math.min(...ends), Math.max(...ends)]
    // what has no bound reaches to the edge
    const band = sorted.map((row) => ({
      x: row.x,
      from: isNumber(row.lower) ? row.lower : least,
      to: isNumber(row.upper) ? row.upper : most,
    }))
    const inside = rows.filter((row) => holds(row) === true)
    const outside = rows.filter((row) => holds(row) === false)
    return {
      width,
      height: 300,
      marginBottom: 42,
      marginLeft: 54,
      marginRight: 20,
      x: { label: `${figure.encoding?.x ?? 'x'} →`, ticks: width < 480 ? 4 : 7 },
      y: { label: `↑ ${figure.encoding?.y ?? 'y'}`, grid: true, nice: true, ticks: 6 },
      marks: [
        plot.areaY(band, { x: 'x', y1: 'from', y2: 'to', fill: colour.first, fillOpacity: 0.18 }),
        plot.line(sorted, { x: 'x', y: 'prediction', stroke: colour.first, strokeWidth: 1.8 }),
        plot.dot(inside, { x: 'x', y: 'y', r: 2, fill: colour.faint, fillOpacity: 0.6 }),
        plot.dot(outside, { x: 'x', y: 'y', r: 3.5, symbol: 'times', stroke: colour.broken, strokeWidth: 1.6 }),
      ],
    }
  },
  table: (figure, rows) => ({
    headers: [`${figure.encoding?.x ?? 'x'}`, 'prediction', 'interval', `${figure.encoding?.y ?? 'y'}`, 'inside'],
    rows: rows.map((row) => [
      formatNumber(row.x as number),
      formatNumber(row.prediction as number),
      `[${isNumber(row.lower) ? formatNumber(row.lower) : '-∞'}, ${isNumber(row.upper) ? formatNumber(row.upper) : '∞'}]`,
      isNumber(row.y) ? formatNumber(row.y) : '',
      { true: 'yes', false: 'no', null: '' }[`${holds(row)}`] as string,
    ]),
  }),
}
