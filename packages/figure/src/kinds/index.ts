import type { FigureKind } from '@mlpod/contract'
import type { Kind } from '../kind.ts'
import { attributions, setSizes } from './bars.ts'
import { histogram } from './histogram.ts'
import { coverageByGroup, groupMetrics } from './intervals.ts'
import { line } from './line.ts'
import { predictionIntervals } from './predictionIntervals.ts'
import { reliability } from './reliability.ts'

/** Every kind of figure and how it is drawn; a new kind is one entry here. */
export const kinds: { readonly [K in FigureKind]: Kind } = {
  attributions,
  coverageByGroup,
  groupMetrics,
  histogram,
  line,
  predictionIntervals,
  reliability,
  setSizes,
}
