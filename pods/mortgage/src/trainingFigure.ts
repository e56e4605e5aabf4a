import type { Figure } from 'mlpod/figure'
import type { Choice } from './types.ts'

/** Log loss of every candidate by epoch, on training and validation rows. */
export function trainingFigure({ candidates, chosen }: Choice): Figure {
  const rows = candidates.flatMap(({ name, loss, validationLoss }) => [
    ...loss.map((y, i) => ({ series: `${name}, train`, x: i + 1, y })),
    ...validationLoss.map((y, i) => ({ series: `${name}, validation`, x: i + 1, y })),
  ])
  const best = candidates.map(({ name, validation }) => `${name} ${validation.toFixed(3)}`).join(', ')
  return {
    kind: 'line',
    version: 1,
    title: 'How did they learn?',
    caption: 'mean log loss by epoch; training stops when the validation rows no longer improve',
    alt: `Best validation log loss: ${best}. Chosen: ${chosen}.`,
    data: { series: rows.map(({ series }) => series), x: rows.map(({ x }) => x), y: rows.map(({ y }) => y) },
    encoding: { x: 'epoch', y: 'log loss' },
    evidence: [],
  }
}
